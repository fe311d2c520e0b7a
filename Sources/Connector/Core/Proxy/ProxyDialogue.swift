import Observations

/// What is said to a proxy so that it connects to a peer, as a state machine: bytes go in, and what is to be sent, or
/// how it ended, comes out.
///
/// Indirect: of thousands of connections few are talking to a proxy.
indirect enum ProxyDialogue {
  /// What to do next.
  enum Step: Equatable {
    /// Wait for more bytes.
    case wait
    /// Send these.
    case send([UInt8])
    /// The peer is connected; what comes from now on is from it.
    case connected
    /// The proxy would not, or could not.
    case failed(Outcome.ProxyFailure)
  }

  /// With a SOCKS5 proxy.
  case socks(SOCKSDialogue)
  /// With an I2P router.
  case sam(SAMDialogue)

  /// The first bytes.
  var greeting: [UInt8] {
    switch self {
    case .socks: SOCKSDialogue.greeting
    case .sam: SAM.hello
    }
  }

  /// Takes what has come and is not consumed; returns how much of it is, and what to do.
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
