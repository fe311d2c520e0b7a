/// Counts of a simulated network since its start.
public struct Statistics: Sendable, CustomStringConvertible {
  /// Open sessions with observers.
  public internal(set) var sessions = 0
  /// Open sessions whose handshake is complete.
  public internal(set) var established = 0
  /// Sessions opened so far, by observers or by nodes.
  public internal(set) var opened = 0
  /// Connections closed at once, because the node had no free slot or was down.
  public internal(set) var refused = 0
  /// Messages received from observers.
  public internal(set) var received = 0
  /// Messages sent to observers.
  public internal(set) var sent = 0
  /// Hashes announced to observers.
  public internal(set) var announced = 0
  /// Connections that came through a proxy.
  public internal(set) var proxied = 0
  /// Different user names and passwords, and SAM sessions, of those connections.
  public internal(set) var isolationKeys = 0
  /// Transactions created.
  public internal(set) var transactions = 0
  /// Height of the last block.
  public internal(set) var height = 0

  /// All counts in one line.
  public var description: String {
    let proxies = proxied > 0 ? ", \(proxied) through a proxy with \(isolationKeys) isolation keys" : ""
    return """
      \(sessions) sessions (\(established) established, \(opened) so far, \(refused) refused), \
      \(received) messages received, \(sent) sent, \(announced) announcements, \
      \(transactions) transactions, height \(height)\(proxies)
      """
  }
}
