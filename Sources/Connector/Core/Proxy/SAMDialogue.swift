import BitcoinWire

/// The dialogue that makes an I2P router connect to a peer, from an existing session.
struct SAMDialogue {
  typealias Step = ProxyDialogue.Step

  private enum Phase {
    case hello, lookUp, connect
  }

  private var phase = Phase.hello
  private let target: NetworkAddress
  private let session: String
  /// Closed if the router no longer knows the session.
  private let bridge: SAMBridge

  /// Creates a dialogue for a connection to `target`. I2P has no ports.
  init(to target: NetworkAddress, session: String, of bridge: SAMBridge) {
    self.target = target
    self.session = session
    self.bridge = bridge
  }

  /// Handles the unconsumed input. Returns the number of bytes consumed, and the next step.
  mutating func take(_ bytes: UnsafeRawBufferPointer) -> (consumed: Int, step: Step) {
    switch SAM.line(bytes) {
    case .needsMore: return (0, .wait)
    case .malformed: return (bytes.count, .failed(.notProxy))
    case .reply(let reply, let count): return (count, step(after: reply))
    }
  }

  private mutating func step(after reply: SAM.Reply) -> Step {
    switch (phase, reply.topic) {
    case (.hello, "HELLO REPLY"):
      guard reply.result == "OK" else { return .failed(reply.failure) }
      phase = .lookUp
      return .send(SAM.lookUp("\(target)"))
    case (.lookUp, "NAMING REPLY"):
      guard reply.result == "OK" else { return .failed(reply.failure) }
      guard let destination = reply.values["VALUE"], Self.isBase64(destination) else {
        return .failed(.notProxy)
      }
      phase = .connect
      return .send(SAM.connect(session, to: destination))
    case (.connect, "STREAM STATUS"):
      guard reply.result == "OK" else {
        if reply.result == "INVALID_ID" { bridge.lost(session) }
        return .failed(reply.failure)
      }
      return .connected
    case (.hello, _), (.lookUp, _), (.connect, _):
      return .failed(.notProxy)
    }
  }

  /// Whether a text is I2P's base 64, which has - and ~. Other characters could inject words into the next
  /// request.
  private static func isBase64(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "~"), UInt8(ascii: "="):
          true
        default: false
        }
      }
  }
}
