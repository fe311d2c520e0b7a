extension Network {
  /// Netmine's own simulated network, on loopback: nothing it says can be taken for another's, and
  /// it starts from regtest's first block.
  public static let simnet = Network(
    name: "simnet",
    magic: 0xd34d_4ee6,
    defaultPort: 28555,
    genesisHash: regtest.genesisHash,
    reach: .simulation
  )
}
