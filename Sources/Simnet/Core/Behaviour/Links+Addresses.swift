import BitcoinWire

extension Links {
  /// When a node next tells its own address: 24 h from one time to the next on average
  /// (`AVG_LOCAL_ADDRESS_BROADCAST_INTERVAL`).
  func nextSelfAnnouncement(of node: Int, after time: UInt64) -> UInt64 {
    moment(4, UInt64(node), mean: addressInterval, after: time)
  }

  /// When a node next sends a peer the addresses that wait for it: 30 s from one time to the next on average
  /// (`AVG_ADDRESS_BROADCAST_INTERVAL`).
  ///
  /// - Parameter peer: tells the peer from others: a node's number, or one above all of them.
  func nextAddresses(of node: Int, to peer: UInt64, after time: UInt64) -> UInt64 {
    moment(5, UInt64(node) << 40 ^ peer, mean: addressInterval / 2880, after: time)
  }

  /// Whose turn it is to be told of an address by a node on a network: it changes every 24 h, for each address at
  /// another time (`ROTATE_ADDR_RELAY_DEST_INTERVAL`).
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
