import BitcoinWire
import ControlProtocol

/// What became of one host that was to be connected to.
struct ConnectOutcome {
  /// What happened.
  enum Result: Hashable {
    /// Messages can be exchanged; the time is ns since the request.
    case open(PeerIntroduction, duration: UInt64)
    /// It failed: why.
    case failed(String)
    /// Nothing was heard until we stopped waiting.
    case pending
  }

  /// The host as it was written.
  let host: String
  /// The address last tried; nil where none was.
  let endpoint: Endpoint?
  /// The connection's id; nil where there never was one.
  let connection: UInt32?
  /// What happened.
  let result: Result

  /// Whether the connection is open.
  var isOpen: Bool {
    if case .open = result { true } else { false }
  }

  /// A line for people.
  var text: String {
    var subject = host
    if let endpoint, endpoint.description != host { subject += " (\(endpoint))" }
    switch result {
    case .open(let peer, let duration):
      return "\(subject): connected in \(Quantity.milliseconds(duration)) ms, id \(connection ?? 0), "
        + "\(EscapedText.utf8(peer.userAgent)) version \(peer.protocolVersion) "
        + "height \(peer.startHeight) services \(peer.services)"
    case .failed(let reason): return "\(subject): failed: \(reason)"
    case .pending: return "\(subject): nothing heard yet, id \(connection ?? 0)"
    }
  }

  /// The same for programs.
  var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("host", .string(host)),
      .init("address", endpoint.map { .string($0.description) } ?? .null),
      .init("id", connection.map { .unsigned(UInt64($0)) } ?? .null),
    ]
    switch result {
    case .open(let peer, let duration):
      members += [
        .init("outcome", "connected"), .init("ms", .number(Double(duration) / 1e6)),
        .init("version", .integer(Int64(peer.protocolVersion))),
        .init("user_agent", .string(EscapedText.utf8(peer.userAgent))),
        .init("height", .integer(Int64(peer.startHeight))),
        .init("services", .array(peer.services.names.map(JSONValue.string))),
        .init("relay", .bool(peer.relay)),
      ]
    case .failed(let reason): members += [.init("outcome", "failed"), .init("reason", .string(reason))]
    case .pending: members += [.init("outcome", "pending")]
    }
    return .object(members)
  }
}
