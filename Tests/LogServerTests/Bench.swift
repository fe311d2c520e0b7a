import Configuration
import EventLoop
import LogProtocol
import Logging
import Observations
import TestSupport

@testable import LogServerCore

/// A log server in a folder of its own, with its clients, all on one loop.
final class Bench {
  let folder = TemporaryFolder()
  let loop = EventLoop()
  var server: LogServer?
  var settings: String
  var logger = Logger(label: "test")

  init(_ settings: String = "archive_grace = 0.0;") throws {
    self.settings = settings
    logger.logLevel = .critical
    try start()
  }

  func start() throws {
    let configuration = try Configuration(
      text: "logger: { root = \"\(folder.path)\"; \(settings) };",
      file: "test.cfg"
    )
    server = try LogServer(configuration, on: loop, logger: logger)
  }

  /// Ends the server like a crash: without goodbye or flush.
  func kill() { server = nil }

  func publisher(
    limit: Int = 64 << 20,
    patience: Double = LogPublisher.defaultPatience,
    identity: SourceIdentity = SourceIdentity()
  ) -> LogPublisher {
    LogPublisher(
      to: .unix(folder.path + "publish"),
      as: SourceDescription(process: 1, kind: "test", name: "", version: "1"),
      identity: identity,
      limit: limit,
      patience: patience,
      on: loop
    )
  }

  func reader(_ subscription: Subscription = Subscription(), archiving: Bool = false) -> RecordCollector {
    let reader = RecordCollector()
    var subscription = subscription
    subscription.isArchiving = archiving
    reader.subscriber = LogSubscriber(
      to: .unix(folder.path + "subscribe"),
      subscription,
      on: loop,
      handler: reader
    )
    return reader
  }

  func raw(_ socket: String) throws -> RawClient { try RawClient(.unix(folder.path + socket), on: loop) }
}
