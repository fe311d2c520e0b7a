extension Network {
  /// Netmine's simulated network, on loopback. Its magic is its own, so its messages cannot be mistaken for
  /// another network's. It shares regtest's genesis block.
  public static let simnet = Network(
    name: "simnet",
    magic: 0xd34d_4ee6,
    defaultPort: 28555,
    genesisHash: regtest.genesisHash,
    reach: .simulation
  )
}
