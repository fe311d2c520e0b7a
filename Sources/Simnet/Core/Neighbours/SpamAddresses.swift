import BitcoinWire

/// Loopback addresses without a listener, for address spammers.
struct SpamAddresses: Sendable, Equatable {
  /// Greatest claimed age in seconds. Recent, so that it fools a crawler that judges by age.
  private static let maximumAge: UInt32 = 10_800

  /// The IPv4 addresses, as big-endian numbers.
  let addresses: Range<UInt32>

  /// The port of all addresses.
  let port: UInt16

  /// Draws one of the addresses.
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
