import Commands

extension ClientEnvironment {
  /// A session with the connector.
  ///
  /// - Throws: `ClientFailure` also if this is root and somebody else could have put the socket there.
  public func openSession() throws(ClientFailure) -> ConnectorSession {
    try ConnectorSession(to: trusted(controlAddress, key: "logger.root"), key: key, on: loop)
  }

  /// Opens a session with the connector, lends it and closes it.
  public func withSession(
    _ body: (ConnectorSession) throws(ClientFailure) -> ExitStatus
  ) throws(ClientFailure) -> ExitStatus {
    let session = try openSession()
    defer { session.close() }
    return try body(session)
  }

  /// Says which of the ids that were named no connection has; returns how the command ends for it.
  public func complain(missing ids: [UInt32]) -> ExitStatus {
    guard !ids.isEmpty else { return .succeeded }
    output.complain("There is no connection \(ids.map(String.init).joined(separator: ", ")).")
    return .someFailed
  }
}
