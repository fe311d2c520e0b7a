import LogProtocol

/// How a connection ended. By reference: of thousands of connections few are ending.
final class PeerEnding {
  let code: ConnectionEvent.Code
  /// The system's number of the error; 0 for none.
  let errorNumber: UInt32
  let reason: String
  /// The first bytes of what the peer did wrong; empty where it did nothing wrong.
  let evidence: [UInt8]

  init(_ code: ConnectionEvent.Code, _ errorNumber: UInt32, _ reason: String, _ evidence: [UInt8] = []) {
    self.code = code
    self.errorNumber = errorNumber
    self.reason = reason
    self.evidence = evidence
  }
}
