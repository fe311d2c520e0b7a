import EventLoop
import LogProtocol

extension Connector: LogPublisherHandler {
  /// Publishes the open connections if the log server is a new process, which does not know them.
  public func publisher(_ publisher: LogPublisher, joinedAs source: UInt32, isNewServer: Bool) {
    logger.info("joined the log server", metadata: ["source": "\(source)"])
    guard isNewServer else { return }
    for connection in connections.all {
      if let open = connection.openConnection {
        publisher.publish(.openConnection(open), connection: connection.id)
      }
    }
  }

  /// Logs the loss of the log server once.
  public func publisher(_ publisher: LogPublisher, lostServerFor reason: String) {
    if publisher.failedAttempts <= 1 { serverLostAt = Clock.monotonic() }
    guard !isShuttingDown, publisher.failedAttempts <= 1 else { return }
    logger.warning(
      "no log server; records are kept until there is one",
      metadata: ["reason": "\(reason)", "kept": "at most \(configuration.connector.logBuffer) bytes"]
    )
  }

  /// Logs that records are being dropped.
  public func publisherDidOverflow(_ publisher: LogPublisher) {
    logger.error(
      "dropping records: more than \(configuration.connector.logBuffer) bytes wait for the log server"
    )
  }

  /// Logs that the archives have stopped acknowledging.
  public func publisherStopsHolding(_ publisher: LogPublisher) {
    let patience = configuration.connector.logPatience
    logger.error(
      "no archive acknowledged in \(patience) s and connector.log_buffer is full: the oldest records are discarded"
    )
  }

  /// Stops reading from peers while the log server is too slow, and resumes when it has caught up.
  public func publisher(_ publisher: LogPublisher, isCongested: Bool) {
    guard isCongested == gate.isOpen else { return }
    if isCongested { noteCongestion() }
    let now = Clock.monotonic()
    if isCongested {
      closedSince = now
      gate.close()
    } else {
      // Peers' time-outs start again: they could send, but nothing was read. Closures under a second do not
      // count, as there are many at full load.
      if now - closedSince > 1_000_000_000 { readingSince = now }
      gate.open()
    }
  }

  /// Logs congestion, at most once a minute: at full load it comes and goes all the time.
  private func noteCongestion() {
    let now = Clock.monotonic()
    guard now - lastCongestion > 60_000_000_000 || lastCongestion == 0 else { return }
    lastCongestion = now
    logger.warning("log server or archive too slow: peers are read only as fast as it accepts records")
  }
}
