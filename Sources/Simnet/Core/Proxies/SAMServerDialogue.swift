import BitcoinWire
import Bytes

/// The sessions of a SAM bridge, common to all its connections.
struct SAMSessions {
  /// Each session's private keys by its nickname.
  var destinations: [String: String] = [:]
  /// The source of the keys.
  var random: RandomSource
  /// Finds the destination behind an address; nil if no node has it.
  let destination: (NetworkAddress) -> I2PDestination?

  /// Creates a destination for a client: its public text, and the text with private keys.
  mutating func make() -> (text: String, secret: String) {
    let destination = I2PDestination(using: &random)
    return (destination.text, destination.secret(using: &random))
  }
}

/// The bridge's side of I2P's SAM 3.1, as a state machine. Its input is lines, its output steps.
///
/// A client sends `HELLO VERSION`, then `SESSION CREATE` on one connection, which keeps the session alive,
/// and on others `STREAM CONNECT` to a destination from `NAMING LOOKUP`. `STREAM ACCEPT` is accepted, but
/// nobody ever connects.
struct SAMServerDialogue {
  /// Most bytes of a line: more than any destination with options.
  static let maximumLine = 8192

  private enum Phase: Equatable {
    case hello
    case ready
    case connecting(isSilent: Bool)
    case over
  }

  private var phase = Phase.hello

  /// The session that this connection keeps alive; nil if it has created none.
  private(set) var session: String?

  /// The session under which this connection connects; nil if it does not.
  private(set) var isolationKey: String?

  /// Handles received bytes; returns the number of bytes consumed, and the steps.
  mutating func take(_ bytes: [UInt8], _ sessions: inout SAMSessions) -> (consumed: Int, steps: [ProxyStep]) {
    switch phase {
    case .connecting: return (0, [])
    case .over: return (bytes.count, [])
    case .hello, .ready: break
    }
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      guard bytes.count >= Self.maximumLine else { return (0, []) }
      phase = .over
      return (bytes.count, [.close])
    }
    let line = String(decoding: bytes[..<end], as: UTF8.self)
    return (end + 1, answer(SAMLine(line), &sessions))
  }

  /// Steps after the outcome of a connect.
  mutating func finish(_ outcome: ProxyOutcome) -> [ProxyStep] {
    guard case .connecting(let isSilent) = phase else { return [] }
    phase = .over
    let result =
      switch outcome {
      case .joined: "OK"
      case .unknown: "PEER_NOT_FOUND"
      case .refused: "CANT_REACH_PEER"
      case .timedOut: "TIMEOUT"
      }
    let reply = isSilent ? [] : [Self.line("STREAM STATUS RESULT=\(result)")]
    return outcome == .joined ? reply : reply + [.close]
  }

  private mutating func answer(_ line: SAMLine, _ sessions: inout SAMSessions) -> [ProxyStep] {
    switch (line.verb, phase) {
    case ("HELLO VERSION", .hello):
      guard (line["MIN"] ?? "3.0") <= "3.1", (line["MAX"] ?? "3.1") >= "3.0" else {
        return end("HELLO REPLY RESULT=NOVERSION")
      }
      phase = .ready
      return [Self.line("HELLO REPLY RESULT=OK VERSION=\((line["MAX"] ?? "3.1") < "3.1" ? "3.0" : "3.1")")]
    case (_, .hello): return end("HELLO REPLY RESULT=I2P_ERROR MESSAGE=\"send HELLO VERSION first\"")
    case ("SESSION CREATE", _): return [create(line, &sessions)]
    case ("NAMING LOOKUP", _): return [lookUp(line, sessions)]
    case ("DEST GENERATE", _):
      let made = sessions.make()
      return [Self.line("DEST REPLY PUB=\(made.text) PRIV=\(made.secret)")]
    case ("STREAM CONNECT", _): return connect(line, sessions)
    case ("STREAM ACCEPT", _):
      guard sessions.destinations[line["ID"] ?? ""] != nil else {
        return end("STREAM STATUS RESULT=INVALID_ID")
      }
      phase = .over
      return line["SILENT"] == "true" ? [] : [Self.line("STREAM STATUS RESULT=OK")]
    default:
      let kind = line.verb.split(separator: " ").first.map(String.init) ?? "SESSION"
      return end("\(kind) STATUS RESULT=I2P_ERROR MESSAGE=\"unknown command\"")
    }
  }

  private mutating func create(_ line: SAMLine, _ sessions: inout SAMSessions) -> ProxyStep {
    func status(_ result: String) -> ProxyStep { Self.line("SESSION STATUS RESULT=\(result)") }
    guard line["STYLE"] == "STREAM", let id = line["ID"], !id.isEmpty, session == nil else {
      return status("I2P_ERROR MESSAGE=\"needs STYLE=STREAM and an ID, once per connection\"")
    }
    guard sessions.destinations[id] == nil else { return status("DUPLICATED_ID") }
    let wanted = line["DESTINATION"] ?? "TRANSIENT"
    guard wanted == "TRANSIENT" || I2PDestination(wanted) != nil else { return status("INVALID_KEY") }
    let secret = wanted == "TRANSIENT" ? sessions.make().secret : wanted
    guard !sessions.destinations.values.contains(secret) else { return status("DUPLICATED_DEST") }
    sessions.destinations[id] = secret
    session = id
    return status("OK DESTINATION=\(secret)")
  }

  private func lookUp(_ line: SAMLine, _ sessions: SAMSessions) -> ProxyStep {
    guard let name = line["NAME"] else { return Self.line("NAMING REPLY RESULT=INVALID_KEY") }
    if name == "ME" {
      let own = session.flatMap { sessions.destinations[$0] }.flatMap { I2PDestination($0)?.text }
      return Self.line(
        "NAMING REPLY " + (own.map { "RESULT=OK NAME=ME VALUE=\($0)" } ?? "RESULT=KEY_NOT_FOUND NAME=ME")
      )
    }
    // A destination resolves to itself.
    let found = I2PDestination(name) ?? I2PDestination.address(name).flatMap(sessions.destination)
    guard let found else { return Self.line("NAMING REPLY RESULT=KEY_NOT_FOUND NAME=\(name)") }
    return Self.line("NAMING REPLY RESULT=OK NAME=\(name) VALUE=\(found.text)")
  }

  private mutating func connect(_ line: SAMLine, _ sessions: SAMSessions) -> [ProxyStep] {
    guard let id = line["ID"], sessions.destinations[id] != nil else {
      return end("STREAM STATUS RESULT=INVALID_ID")
    }
    guard let address = line["DESTINATION"].flatMap(I2PDestination.address) else {
      return end("STREAM STATUS RESULT=INVALID_KEY")
    }
    isolationKey = id
    phase = .connecting(isSilent: line["SILENT"] == "true")
    return [.connect(.endpoint(Endpoint(address, port: 0)))]
  }

  private mutating func end(_ line: String) -> [ProxyStep] {
    phase = .over
    return [Self.line(line), .close]
  }

  private static func line(_ text: String) -> ProxyStep { .reply(Array((text + "\n").utf8)) }
}

/// A SAM line: two words, then `NAME=VALUE` words, in which quotes may enclose spaces.
struct SAMLine {
  /// The first two words in capitals.
  let verb: String

  private var values: [String: String] = [:]

  /// Parses a line without its line feed.
  init(_ line: String) {
    var words: [String] = [""]
    var isQuoted = false
    for character in line where character != "\r" {
      if character == "\"" {
        isQuoted.toggle()
      } else if character == " ", !isQuoted {
        words.append("")
      } else {
        words[words.count - 1].append(character)
      }
    }
    words.removeAll(where: \.isEmpty)
    verb = words.prefix(2).joined(separator: " ").uppercased()
    for word in words.dropFirst(2) {
      let sides = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      values[String(sides[0])] = sides.count == 2 ? String(sides[1]) : ""
    }
  }

  /// The value of a name; nil if the line does not have it.
  subscript(name: String) -> String? { values[name] }
}
