import BitcoinWire

extension Links {
  /// Time in ns at which a node next announces its own address: every 24 h on average
  /// (`AVG_LOCAL_ADDRESS_BROADCAST_INTERVAL`).
  func nextSelfAnnouncement(of node: Int, after time: UInt64) -> UInt64 {
    moment(4, UInt64(node), mean: addressInterval, after: time)
  }

  /// Time in ns at which a node next sends a peer the addresses queued for it: every 30 s on average
  /// (`AVG_ADDRESS_BROADCAST_INTERVAL`).
  ///
  /// - Parameter peer: identifies the peer: a node's number, or a number above all of them.
  func nextAddresses(of node: Int, to peer: UInt64, after time: UInt64) -> UInt64 {
    moment(5, UInt64(node) << 40 ^ peer, mean: addressInterval / 2880, after: time)
  }

  /// The peers to which a node relays an address. They change every 24 h, at a different time for each
  /// address (`ROTATE_ADDR_RELAY_DEST_INTERVAL`).
  ///
  /// - Parameter network: the node's network.
  func turn(of endpoint: Endpoint, at node: Int, on network: NetworkID, time: UInt64) -> RelayTurn {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(endpoint.port)
    for byte in endpoint.address.bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = RandomSource.mixed(hash)
    let day = (sinceStart(time) + hash % 86_400_000_000_000) / 86_400_000_000_000
    let key = RandomSource.mixed(hash ^ RandomSource.mixed(UInt64(node) << 24 ^ day))
    let isReachable = [.ipv4, .ipv6, network].contains(endpoint.address.network)
    return RelayTurn(key: key, count: isReachable || key & 1 == 1 ? 2 : 1)
  }
}
