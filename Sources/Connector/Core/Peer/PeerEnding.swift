import Observations

/// How a connection ended. By reference: of thousands of connections few are ending.
final class PeerEnding {
  let code: ConnectionEvent.Code
  let outcome: Outcome
  /// The first bytes of what the peer did wrong; empty where it did nothing wrong.
  let evidence: [UInt8]

  init(_ code: ConnectionEvent.Code, _ outcome: Outcome, _ evidence: [UInt8] = []) {
    self.code = code
    self.outcome = outcome
    self.evidence = evidence
  }
}
