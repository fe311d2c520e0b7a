import BitcoinWire

/// The rules of sipa's bitcoin-seeder for nodes that a DNS seed hands out (`CAddrInfo`, db.h).
public struct SeederRules: Sendable {
  /// The network's default port: a DNS answer has no port.
  public var port: UInt16
  /// The lowest protocol version.
  public var minimumVersion: Int64 = 70_001
  /// The lowest height; a node with height 0 passes.
  public var minimumHeight: Int64

  /// Creates the rules of a network.
  ///
  /// - Parameters:
  ///   - port: the network's default port.
  ///   - minimumHeight: the lowest height; the seeder has 350,000 for mainnet and 500,000 for testnet.
  public init(port: UInt16, minimumHeight: Int64 = 0) {
    self.port = port
    self.minimumHeight = minimumHeight
  }

  /// Whether a node may be handed out (`IsGood`). It must have been reached at least once.
  ///
  /// - Parameter needsRoutable: whether unroutable addresses are refused.
  public func isGood(_ node: NodeRecord, needsRoutable: Bool = true) -> Bool {
    guard let endpoint = node.endpoint, endpoint.port == port || endpoint.address.network == .i2p,
      node.services.contains(.network),
      !needsRoutable || endpoint.address.isRoutable
    else { return false }
    let version = node[.version].integer ?? 0
    let height = node[.height].integer ?? 0
    guard version == 0 || version >= minimumVersion, height == 0 || height >= minimumHeight else {
      return false
    }
    let successes = node[.successes].integer ?? 0
    let attempts = node[.attempts].integer ?? 0
    guard successes > 0 else { return false }
    if attempts <= 3, successes * 2 >= attempts { return true }
    func passes(_ window: Reliability.Window, _ reliability: Double, _ count: Double) -> Bool {
      let known = node.reliability(window)
      return known.reliability > reliability && known.count > count
    }
    return passes(.hours2, 0.85, 2) || passes(.hours8, 0.70, 4) || passes(.day, 0.55, 8)
      || passes(.week, 0.45, 16) || passes(.month, 0.35, 32)
  }

  /// The seconds for which a bad node need not be tried (`GetIgnoreTime`); 0 for a good node.
  public func ignoreTime(_ node: NodeRecord) -> UInt64 {
    if isGood(node, needsRoutable: false) { return 0 }
    func fails(_ window: Reliability.Window, _ limit: Double) -> Bool {
      let known = node.reliability(window)
      return known.optimistic < limit && known.count > 2
    }
    if fails(.month, 0.20) { return 10 * 86_400 }
    if fails(.week, 0.16) { return 3 * 86_400 }
    if fails(.day, 0.12) { return 8 * 3600 }
    return fails(.hours8, 0.08) ? 2 * 3600 : 0
  }
}
