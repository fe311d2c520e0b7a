import EventLoop
import LogProtocol

extension Connector: LogPublisherHandler {
  /// Tells a log server that knows nothing of us what is open.
  public func publisher(_ publisher: LogPublisher, joinedAs source: UInt32, isNewServer: Bool) {
    logger.info("joined the log server", metadata: ["source": "\(source)"])
    guard isNewServer else { return }
    for connection in connections.all {
      if let open = connection.openConnection {
        publisher.publish(.openConnection(open), connection: connection.id)
      }
    }
  }

  /// Says once that there is no log server.
  public func publisher(_ publisher: LogPublisher, lostServerFor reason: String) {
    if publisher.failedAttempts <= 1 { serverLostAt = Clock.monotonic() }
    guard !isShuttingDown, publisher.failedAttempts <= 1 else { return }
    logger.warning(
      "no log server; records are kept until there is one",
      metadata: ["reason": "\(reason)", "kept": "at most \(configuration.connector.logBuffer) bytes"]
    )
  }

  /// Says that records are being dropped.
  public func publisherDidOverflow(_ publisher: LogPublisher) {
    logger.error(
      "records are dropped: more than \(configuration.connector.logBuffer) bytes wait for the log server"
    )
  }

  /// Says that the archive seems to be stuck.
  public func publisherStopsHolding(_ publisher: LogPublisher) {
    let patience = configuration.connector.logPatience
    logger.error(
      "no archive has taken anything for \(patience) s, and connector.log_buffer is full: the oldest records give way"
    )
  }

  /// Stops reading from peers while the log server is too slow, and goes on when it has caught up.
  public func publisher(_ publisher: LogPublisher, isCongested: Bool) {
    guard isCongested == gate.isOpen else { return }
    if isCongested { noteCongestion() }
    let now = Clock.monotonic()
    if isCongested {
      closedSince = now
      gate.close()
    } else {
      // Peers are not to blame for what did not come while nothing was read. Shorter stops are many at full load.
      if now - closedSince > 1_000_000_000 { readingSince = now }
      gate.open()
    }
  }

  /// Says so at most once a minute: at full load the log server is too slow and not in turns.
  private func noteCongestion() {
    let now = Clock.monotonic()
    guard now - lastCongestion > 60_000_000_000 || lastCongestion == 0 else { return }
    lastCongestion = now
    logger.warning("log server or archive too slow: peers are read only as fast as it takes what they say")
  }
}
