import BitcoinWire
import Bytes

/// The sessions of a SAM bridge, which all its connections share.
struct SAMSessions {
  /// Each session's private keys, by its nickname.
  var destinations: [String: String] = [:]
  /// The source of the keys.
  var random: RandomSource
  /// Finds the destination behind an address; nil where nobody has it.
  let destination: (NetworkAddress) -> I2PDestination?

  /// A destination of a client that nobody connects to: its public half, and all of it.
  mutating func make() -> (text: String, secret: String) {
    let destination = I2PDestination(using: &random)
    return (destination.text, destination.secret(using: &random))
  }
}

/// The bridge's side of I2P's SAM 3.1, as a state machine: lines go in, what is to be done comes out.
///
/// A client says `HELLO VERSION`, then on one connection `SESSION CREATE`, which lives as long as that connection, and
/// on others `STREAM CONNECT` to what `NAMING LOOKUP` told. `STREAM ACCEPT` is taken, but nobody ever connects.
struct SAMServerDialogue {
  /// The longest line, in bytes: beyond any destination with options.
  static let maximumLine = 8192

  private enum Phase: Equatable {
    case hello
    case ready
    case connecting(isSilent: Bool)
    case over
  }

  private var phase = Phase.hello

  /// The session that this connection keeps alive; nil where it has made none.
  private(set) var session: String?

  /// Under which session it connects; nil where it does not.
  private(set) var isolationKey: String?

  /// Takes what has come; returns how much of it is consumed, and what to do.
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

  /// What to say when it is known what became of the connect.
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
    case (_, .hello): return end("HELLO REPLY RESULT=I2P_ERROR MESSAGE=\"say hello first\"")
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
      return end("\(kind) STATUS RESULT=I2P_ERROR MESSAGE=\"nobody here understands that\"")
    }
  }

  private mutating func create(_ line: SAMLine, _ sessions: inout SAMSessions) -> ProxyStep {
    func status(_ result: String) -> ProxyStep { Self.line("SESSION STATUS RESULT=\(result)") }
    guard line["STYLE"] == "STREAM", let id = line["ID"], !id.isEmpty, session == nil else {
      return status("I2P_ERROR MESSAGE=\"a session has STYLE=STREAM and an ID, one on a connection\"")
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
    // A destination is its own answer.
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

/// A line of SAM: two words, then names with values, which quotes keep together.
struct SAMLine {
  /// The two words, in capitals.
  let verb: String

  private var values: [String: String] = [:]

  /// Takes a line apart, without its end.
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

  /// A value; nil where there is none of this name.
  subscript(name: String) -> String? { values[name] }
}
