import Access
import ArgumentParser
import Bytes
import Commands
import Configuration
import Daemon
import EventLoop
import Glibc
import LogConsumer
import LogFiles
import LogOptions
import LogProtocol
import LogText
import Observations

/// `netmine log replay`: publishes records to a log server again.
struct ReplayCommand: LogToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Publish the records of log files to a log server again, as a new source.",
    discussion: """
      Records are sent in order of time, with their recorded times, at the recorded speed times --speed. \
      Connections get new ids, so that those of several sources do not mix. Of META records only those about \
      open connections are published: the others describe the original stream.

      The command waits for a slow log server, and ends when every record is acknowledged. Exit status 2 if \
      there is no log server, or if it goes away for longer than --timeout.
      """
  )

  @Option(
    help: ArgumentHelp("Speed relative to the recording; 0 for no waiting.", valueName: "factor")
  )
  var speed = 1.0

  @Flag(help: "Stamp records with the time of the replay.")
  var now = false

  @Option(
    help: ArgumentHelp(
      "Seconds to wait for a log server that went away, and at the end for acknowledgements.",
      valueName: "seconds"
    )
  )
  var timeout = 30.0

  @OptionGroup(title: "Which records") var records: RecordFilterOptions
  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { false }

  func validate() throws {
    guard speed >= 0, speed.isFinite else { throw ValidationError("--speed must be 0 or more.") }
    guard timeout >= 0 else { throw ValidationError("--timeout must be 0 or more.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let reading = LogReading(input, environment.output, for: records.filter)
    let files = input.files.compactMap { reading.open($0, bufferCount: 256 << 10) }
    let replay = try Replay(
      to: environment.publishAddress(),
      key: environment.key,
      environment.loop,
      speed: speed,
      stampsNow: now,
      patience: timeout
    )
    try replay.join()
    var selector = RecordSelection(records.filter)
    var progress = ReadingProgress(environment.output)
    do throws(IOError) {
      let merger = try LogMerger(files) { reading.note($0) }
      while !replay.isAbandoned, let record = try merger.next() {
        guard selector.shows(record.typed) else { continue }
        replay.publish(record)
        progress.note(files[0], 0, of: files.count)
      }
    } catch {
      environment.output.complain("The files cannot be read to their end: \(error).")
      _ = replay.finish(timeout: timeout)
      return .someFailed
    }
    environment.output.clearProgress()
    try replay.checkServer()
    let isSettled = replay.finish(timeout: timeout)
    let left = replay.skippedCount == 0 ? "" : ", \(replay.skippedCount) META records left out"
    environment.output.note("\(Quantity.counted(replay.count, "record")) as source \(replay.source)\(left)")
    guard isSettled else {
      throw ClientFailure(.someFailed, "Not every record was acknowledged within \(timeout) s.")
    }
    return reading.status
  }
}

/// A source that publishes recorded records.
private final class Replay: LogPublisherHandler {
  /// Records published.
  private(set) var count = 0
  /// META records left out.
  private(set) var skippedCount = 0
  /// The id that the log server granted.
  var source: UInt32 { publisher.source }

  private struct Place: Hashable {
    let source: UInt32
    let connection: UInt32
  }

  private let loop: EventLoop
  private let speed: Double
  private let stampsNow: Bool
  private let publisher: LogPublisher
  private let patience: UInt64
  private var failure: String?
  /// When the log server that had accepted us went away, on the monotonic clock in ns; nil while it is there.
  private var goneSince: UInt64?
  private var connections: [Place: UInt32] = [:]
  private var connectionCount: UInt32 = 0
  private var begin: (recorded: UInt64, replayed: UInt64)?

  /// Bytes in the socket's queue beyond which reading stops.
  private static let waitingLimit = 4 << 20

  /// Unacknowledged bytes beyond which reading stops: half of the publisher's limit.
  private static let backlogLimit = 32 << 20

  /// Connects to the log server.
  ///
  /// - Parameter patience: seconds to wait for a log server that went away.
  init(
    to address: SocketAddress,
    key: AccessKey?,
    _ loop: EventLoop,
    speed: Double,
    stampsNow: Bool,
    patience: Double
  ) {
    self.loop = loop
    self.patience = UInt64(min(patience, 1e9) * 1e9)
    self.speed = speed
    self.stampsNow = stampsNow
    publisher = LogPublisher(
      to: address,
      key: key,
      as: SourceDescription(
        process: UInt32(getpid()),
        kind: "replay",
        name: "",
        version: Netmine.version
      ),
      limit: 64 << 20,
      on: loop
    )
    publisher.handler = self
  }

  /// Waits until the log server has accepted us.
  func join() throws(ClientFailure) {
    while !publisher.isJoined, failure == nil { loop.runOnce() }
    guard let failure else { return }
    throw ClientFailure(.unreachable, "No log server accepts records: \(failure). Start it with `logserver`.")
  }

  /// Whether the log server has been gone for longer than `patience`.
  var isAbandoned: Bool { goneSince.map { Clock.monotonic() - $0 > patience } ?? false }

  /// Throws if the log server has been gone for longer than `patience`.
  func checkServer() throws(ClientFailure) {
    guard isAbandoned, let failure else { return }
    throw ClientFailure(
      .unreachable,
      "The log server went away and did not come back within \(Double(patience) / 1e9) s: \(failure)."
    )
  }

  /// Publishes a record when it is due, unless the log server has been gone for too long.
  func publish(_ record: LogRecord) {
    let header = record.header
    if header.type == .meta {
      guard case .openConnection? = try? MetaBody(record.body.bytes) else { return skippedCount += 1 }
    }
    waitFor(header.time)
    count += 1
    publisher.publish(
      header.type,
      flags: header.flags.subtracting(.resent),
      connection: connection(header, record),
      at: stampsNow ? Clock.now() : header.time,
      body: record.body
    )
    // Serve the log server even if every record is late.
    if publisher.waitingCount > Self.waitingLimit || publisher.backlog > Self.backlogLimit {
      let tick = TimerWatcher(on: loop) {}
      tick.start(after: 0.05, every: 0.05)
      let (waiting, backlog) = (Self.waitingLimit / 4, Self.backlogLimit / 2)
      while !isAbandoned, publisher.waitingCount > waiting || publisher.backlog > backlog { loop.runOnce() }
    }
  }

  /// Says goodbye when every record is acknowledged; returns false after `timeout` seconds without that.
  func finish(timeout: Double) -> Bool {
    var isSettled: Bool?
    publisher.finish(timeout: timeout) { isSettled = $0 }
    while isSettled == nil { loop.runOnce() }
    return isSettled!
  }

  private func waitFor(_ time: UInt64) {
    guard speed > 0 else { return }
    let now = Clock.monotonic()
    guard let begin else { return begin = (time, now) }
    guard time > begin.recorded else { return }
    let due = begin.replayed &+ UInt64(min(Double(time - begin.recorded) / speed, 1e18))
    guard due > now else { return }
    var isDue = false
    let timer = TimerWatcher(on: loop) { isDue = true }
    timer.start(after: Double(due - now) / 1e9)
    // The publisher's attempts to reconnect also end turns of the loop.
    while !isDue, !isAbandoned { loop.runOnce() }
  }

  private func connection(_ header: RecordHeader, _ record: LogRecord) -> UInt32 {
    guard header.connection != 0 else { return 0 }
    let place = Place(source: header.source, connection: header.connection)
    let id: UInt32
    if let known = connections[place] {
      id = known
    } else {
      connectionCount += 1
      id = connectionCount
      connections[place] = id
    }
    if header.type == .connection, let event = try? ConnectionEvent(record.body.bytes),
      event.code.endsConnection
    {
      connections[place] = nil
    }
    return id
  }

  func publisher(_ publisher: LogPublisher, joinedAs source: UInt32, isNewServer: Bool) {
    goneSince = nil
  }

  func publisher(_ publisher: LogPublisher, lostServerFor reason: String) {
    failure = reason
    if publisher.source != 0, goneSince == nil { goneSince = Clock.monotonic() }
  }

  func publisherDidOverflow(_ publisher: LogPublisher) {}

  func publisher(_ publisher: LogPublisher, isCongested: Bool) {}
}
