import Observations

/// How a connection ended. A class, as few of thousands of connections are ending.
final class PeerEnding {
  let code: ConnectionEvent.Code
  let outcome: Outcome
  /// The first bytes of the peer's protocol violation; empty if there was none.
  let evidence: [UInt8]

  init(_ code: ConnectionEvent.Code, _ outcome: Outcome, _ evidence: [UInt8] = []) {
    self.code = code
    self.outcome = outcome
    self.evidence = evidence
  }
}
