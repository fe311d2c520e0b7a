import Commands

extension ClientEnvironment {
  /// Opens a session with the connector.
  ///
  /// - Throws: `ClientFailure`, also if this process is root and another user could have put the socket
  ///   there.
  public func openSession() throws(ClientFailure) -> ConnectorSession {
    try ConnectorSession(to: trusted(controlAddress, key: "logger.root"), key: key, on: loop)
  }

  /// Opens a session with the connector, passes it to `body` and closes it.
  public func withSession(
    _ body: (ConnectorSession) throws(ClientFailure) -> ExitStatus
  ) throws(ClientFailure) -> ExitStatus {
    let session = try openSession()
    defer { session.close() }
    return try body(session)
  }

  /// Complains about given ids without a connection. Returns the exit status that follows.
  public func complain(missing ids: [UInt32]) -> ExitStatus {
    guard !ids.isEmpty else { return .succeeded }
    output.complain("There is no connection \(ids.map(String.init).joined(separator: ", ")).")
    return .someFailed
  }
}
