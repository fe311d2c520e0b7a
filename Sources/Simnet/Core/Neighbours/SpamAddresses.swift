import BitcoinWire

/// Addresses on loopback where nobody listens, as address spammers tell of them.
struct SpamAddresses: Sendable, Equatable {
  /// How long ago they are said to have been seen at most, in seconds: lately, so that who judges by that is fooled.
  private static let maximumAge: UInt32 = 10_800

  /// The IPv4 addresses.
  let addresses: Range<UInt32>

  /// The port of all of them.
  let port: UInt16

  /// One of them.
  ///
  /// - Parameter now: seconds since the Unix epoch.
  func random(at now: UInt32, using random: inout RandomSource) -> KnownNode {
    KnownNode(
      time: now &- UInt32.random(in: 0..<Self.maximumAge, using: &random),
      services: [.network, .witness],
      endpoint: Endpoint(.ipv4(UInt32.random(in: addresses, using: &random)), port: port)
    )
  }
}
