import BitcoinWire
import Bytes
import Observations

extension Outcome {
  /// The outcome in words: its name, then `: ` and details if there are any. Programs decide by the code.
  public var words: String {
    let details = details
    if code == .unspecified, !details.isEmpty { return details }
    return details.isEmpty ? code.name : "\(code.name): \(details)"
  }

  /// The details besides the code, in words; empty if there are none.
  public var details: String {
    let system = systemWords
    switch detail {
    case .none, .unknown: return system
    case .call(let call): return call == .other || system.isEmpty ? system : "\(call.words): \(system)"
    case .connection(let id): return "connection \(id)"
    case .limit(let limit, let value, let bound): return limit.words(value, bound)
    case .timeout(let nanoseconds): return timeoutWords(nanoseconds)
    case .magic(let found, let expected):
      return "\(Framer.Violation.wrongMagic(found: found, expected: expected))"
    case .oversized(let command, let length, let maximum):
      return "length of \(command) is \(length), more than \(maximum)"
    case .malformed(let command, let field): return "malformed \(command): \(field.words)"
    case .unproxied(let network): return "\(network) needs a proxy, and none is configured"
    case .outOfReach(.simulation): return "simnet's nodes are on this machine"
    case .outOfReach: return "the network's nodes are on this machine"
    case .beforeVersion: return "before version"
    case .proxy(let failure): return failure.words(system)
    case .text(let text): return text
    }
  }

  /// The error number in words; empty if the code says the same.
  private var systemWords: String {
    switch code {
    case .refused, .timedOut, .reset: return ""
    default: return errorNumber == 0 ? "" : IOError("", code: Int32(truncatingIfNeeded: errorNumber)).reason
    }
  }

  private func timeoutWords(_ nanoseconds: UInt64) -> String {
    let seconds = Double(nanoseconds) / 1e9
    return switch code {
    case .handshakeTimedOut: "not done within \(seconds) s"
    case .messageTimedOut: "not complete within \(seconds) s"
    case .pingTimedOut: "not answered within \(seconds) s"
    case .silent: "no byte for \(seconds) s"
    default: "within \(seconds) s"
    }
  }
}

extension Outcome.Limit {
  fileprivate func words(_ value: Int64, _ bound: Int64) -> String {
    switch self {
    case .inboundRate:
      "this address connects more than \(Double(bound) / 1000) times a second (connector.bitcoin.inbound_rate)"
    case .inboundPerAddress:
      "this address has \(value) connections (connector.bitcoin.max_inbound_per_address)"
    case .inbound: "\(value) peers have connected to us (connector.bitcoin.max_inbound)"
    case .openFiles: "the limit of open files allows \(bound) connections (ulimit -n)"
    case .peerMemory:
      "more than \(bound) bytes are held for peers (connector.peer_memory), \(value) for this one"
    case .unsentBytes: "\(value) bytes wait for it"
    case .waitingConnects: "\(value) connects wait, as many as connector.dial.queue allows"
    case .keptConnections: "\(bound) connections are kept, as many as connector.dial.queue allows"
    case .groupConnections: "\(value) connections to its network group (connector.dial.group_limit)"
    case .protocolVersion: "\(value) is below \(bound)"
    }
  }
}

extension Outcome.MalformedField {
  fileprivate var words: String {
    switch problem {
    case .truncated: "\(field) at byte \(offset) needs \(value) bytes and \(bound) are left"
    case .limit: "\(field) at byte \(offset) is \(value), more than \(bound)"
    case .invalid: "\(field) at byte \(offset) is not valid"
    case .trailing: "\(value) bytes are left over after \(field) at byte \(offset)"
    }
  }
}

extension Outcome.ProxyFailure {
  fileprivate func words(_ system: String) -> String {
    switch self {
    case .unreachable(let proxy): return "\(proxy): \(system)"
    case .timeout(let nanoseconds): return "not connected within \(Double(nanoseconds) / 1e9) s"
    case .closed: return system.isEmpty ? "it closed the connection" : system
    case .notProxy: return "the server there does not speak the proxy's protocol"
    case .socksReply(let reply): return Self.words(ofReply: reply)
    case .socksMethod: return "it requires another authentication method"
    case .socksCredentials: return "it refuses our user name"
    case .sam(let result, let message):
      let words = Self.words(ofResult: result)
      return message.isEmpty ? words : "\(words): \(message)"
    }
  }

  /// Words for a SOCKS5 reply (RFC 1928); from 0xf0 on they are Tor's (its proposal 304).
  private static func words(ofReply reply: UInt8) -> String {
    switch reply {
    case 1: "general failure"
    case 2: "not allowed by its rules"
    case 3: "network unreachable"
    case 4: "host unreachable"
    case 5: "connection refused"
    case 6: "timed out"
    case 7: "command not supported"
    case 8: "address type not supported"
    case 0xf0: "onion service not found"
    case 0xf1: "onion service's descriptor is invalid"
    case 0xf2: "no introduction to the onion service"
    case 0xf3: "no rendezvous with the onion service"
    case 0xf4: "the onion service requires a key"
    case 0xf5: "wrong key for the onion service"
    case 0xf6: "the onion service's address is bad"
    case 0xf7: "introduction to the onion service timed out"
    default: "code \(reply)"
    }
  }

  /// Words for a result of SAM 3.1.
  private static func words(ofResult result: String) -> String {
    switch result {
    case "CANT_REACH_PEER": "the peer cannot be reached"
    case "PEER_NOT_FOUND", "KEY_NOT_FOUND": "the peer is not known"
    case "TIMEOUT": "timed out"
    case "INVALID_KEY": "the address is not valid"
    case "INVALID_ID": "the session is gone"
    case "DUPLICATED_ID", "DUPLICATED_DEST": "the session exists already"
    case "NOVERSION": "it does not speak SAM 3.1"
    case "": "its reply has no result"
    default: result
    }
  }
}

extension IOError.Call {
  fileprivate var words: String {
    switch self {
    case .other: "system call"
    case .socket: "socket"
    case .bind: "bind"
    case .connect: "connect"
    case .read: "read"
    case .write: "write"
    case .watch: "watch"
    }
  }
}

extension Outcome {
  /// The code's name, as in JSON; nil if only text is known.
  public var causeName: String? { code == .unspecified ? nil : code.name }
}
