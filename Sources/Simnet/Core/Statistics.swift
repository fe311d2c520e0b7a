/// What a simulated network has done so far.
public struct Statistics: Sendable, CustomStringConvertible {
  /// Sessions with observers that are open.
  public internal(set) var sessions = 0
  /// Of them, those whose handshake is complete.
  public internal(set) var established = 0
  /// Sessions that were opened by observers or by nodes.
  public internal(set) var opened = 0
  /// Connections closed at once because the node had enough.
  public internal(set) var refused = 0
  /// Messages received from observers.
  public internal(set) var received = 0
  /// Messages sent to observers.
  public internal(set) var sent = 0
  /// Announcements among them.
  public internal(set) var announced = 0
  /// Sessions that came through a proxy.
  public internal(set) var proxied = 0
  /// User names and passwords, and SAM sessions, that they came under.
  public internal(set) var isolationKeys = 0
  /// Transactions invented.
  public internal(set) var transactions = 0
  /// Height of the last block.
  public internal(set) var height = 0

  /// All of it in a line.
  public var description: String {
    let proxies = proxied > 0 ? ", \(proxied) through a proxy in \(isolationKeys) isolations" : ""
    return """
      \(sessions) sessions (\(established) established, \(opened) so far, \(refused) refused), \
      \(received) messages received, \(sent) sent, \(announced) announcements, \
      \(transactions) transactions, height \(height)\(proxies)
      """
  }
}
