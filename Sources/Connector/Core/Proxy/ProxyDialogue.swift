import Observations

/// The dialogue that makes a proxy connect to a peer, as a state machine: each input returns bytes to send,
/// or the result.
///
/// Indirect, as few of thousands of connections are talking to a proxy.
indirect enum ProxyDialogue {
  /// The caller's next step.
  enum Step: Equatable {
    /// Wait for more bytes.
    case wait
    /// Send these bytes.
    case send([UInt8])
    /// The peer is connected. Further input comes from the peer.
    case connected
    /// The proxy refused or failed.
    case failed(Outcome.ProxyFailure)
  }

  /// A dialogue with a SOCKS5 proxy.
  case socks(SOCKSDialogue)
  /// A dialogue with an I2P router.
  case sam(SAMDialogue)

  /// The first bytes to send.
  var greeting: [UInt8] {
    switch self {
    case .socks: SOCKSDialogue.greeting
    case .sam: SAM.hello
    }
  }

  /// Handles the unconsumed input. Returns the number of bytes consumed, and the next step.
  mutating func take(_ bytes: UnsafeRawBufferPointer) -> (consumed: Int, step: Step) {
    switch self {
    case .socks(var dialogue):
      defer { self = .socks(dialogue) }
      return dialogue.take(bytes)
    case .sam(var dialogue):
      defer { self = .sam(dialogue) }
      return dialogue.take(bytes)
    }
  }
}
