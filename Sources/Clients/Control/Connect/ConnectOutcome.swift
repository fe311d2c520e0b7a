import BitcoinWire
import Commands
import ControlProtocol
import JSON
import LogText
import Observations
import Wording

/// The outcome of connecting to one host.
struct ConnectOutcome {
  /// The kinds of outcomes.
  enum Result: Hashable {
    /// The handshake is complete; the duration is the time since the connect started, in ns.
    case open(PeerIntroduction, duration: UInt64)
    /// The connection failed.
    case failed(Outcome)
    /// The host could not be tried, for this reason.
    case untried(String)
    /// There was no outcome when netmine stopped waiting.
    case pending
  }

  /// The host as the user wrote it.
  let host: String
  /// The address tried last; nil if none was.
  let endpoint: Endpoint?
  /// The connection's id; nil if there was no connection.
  let connection: UInt32?
  /// The kind of outcome.
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
    case .failed(let outcome): return "\(subject): failed: \(EscapedText.utf8(outcome.words.utf8))"
    case .untried(let reason): return "\(subject): failed: \(reason)"
    case .pending: return "\(subject): nothing heard yet, id \(connection ?? 0)"
    }
  }

  /// The same for programs.
  var json: JSONWriter {
    var json = JSONWriter()
    json.member("host", host)
    json.member("address", endpoint?.description)
    json.member("id", connection)
    switch result {
    case .open(let peer, let duration):
      json.member("outcome", "connected")
      json.member("ms", Double(duration) / 1e6)
      json.member("version", peer.protocolVersion)
      json.member("user_agent", EscapedText.utf8(peer.userAgent))
      json.member("height", peer.startHeight)
      json.member("services", peer.services.names)
      json.member("relay", peer.relay)
    case .failed(let outcome):
      json.member("outcome", "failed")
      json.member("reason", outcome.words)
      json.member("cause", outcome.causeName)
      json.member("cause_code", outcome.code.rawValue)
    case .untried(let reason):
      json.member("outcome", "failed")
      json.member("reason", reason)
    case .pending: json.member("outcome", "pending")
    }
    return json
  }
}
