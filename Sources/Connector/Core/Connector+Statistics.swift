import Configuration
import ControlProtocol
import EventLoop
import Glibc

extension Connector {
  /// The connector's counters and current state.
  public var statistics: ConnectorStatistics {
    var statistics = counts
    statistics.time = Clock.now()
    statistics.since = since
    statistics.processID = UInt32(getpid())
    statistics.version = Netmine.version
    statistics.networkName = network.name
    statistics.magic = network.magic
    statistics.source = publisher.source
    statistics.instance = instance
    statistics.isPublishing = publisher.isJoined
    statistics.refusal = publisher.refusal ?? ""
    for connection in connections.all {
      switch (connection.state, connection.direction) {
      case (.connecting, _): statistics.connecting += 1
      case (.handshaking, _): statistics.handshaking += 1
      case (.open, .outbound): statistics.openOutbound += 1
      case (.open, .inbound): statistics.openInbound += 1
      case (.closing, _): break
      }
    }
    statistics.recordsPublished = publisher.lastSequence
    statistics.recordsAcknowledged = publisher.acknowledgedSequence
    statistics.recordsWaiting = publisher.lastSequence - publisher.acknowledgedSequence
    statistics.bytesWaiting = UInt64(publisher.waitingCount)
    statistics.recordsDropped = publisher.droppedCount
    statistics.clients = UInt64(control.sessionCount)
    statistics.registeredMessages = UInt64(control.registeredCount)
    statistics.fetchesRequested = fetcher.counts.requested
    statistics.fetchesReceived = fetcher.counts.received
    statistics.fetchesFailed = fetcher.counts.failed
    statistics.fetchesLeftOut = fetcher.counts.leftOut
    statistics.fetchesPending = UInt64(fetcher.pendingCount)
    statistics.connectsWaiting = UInt64(dialler.waitingCount)
    statistics.connectionsKept = UInt64(dialler.keptCount)
    return statistics
  }

  /// The reply to a client's `hello`.
  ///
  /// - Parameter version: the agreed version of the control protocol.
  func hello(version: UInt8) -> ServerHello {
    ServerHello(
      version: version,
      server: "connector \(Netmine.version)",
      networkName: network.name,
      magic: network.magic,
      defaultPort: network.defaultPort,
      instance: instance,
      reach: network.reach
    )
  }
}
