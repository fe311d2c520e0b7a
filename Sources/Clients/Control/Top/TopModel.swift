import BitcoinWire
import Bytes
import ControlProtocol
import LogConsumer
import LogProtocol
import Observations
import Wording

/// The traffic of the latest sample of the log stream, and totals since the start.
///
/// Reads no clock: time is passed in, in ns on a monotonic clock.
struct TopModel {
  /// Counts of messages and bytes in both directions.
  struct Traffic: Hashable {
    /// Messages received.
    var messagesIn: UInt64 = 0
    /// Messages sent.
    var messagesOut: UInt64 = 0
    /// Bytes received.
    var bytesIn: UInt64 = 0
    /// Bytes sent.
    var bytesOut: UInt64 = 0

    /// Messages in both directions.
    var messages: UInt64 { messagesIn + messagesOut }

    /// Bytes in both directions.
    var bytes: UInt64 { bytesIn + bytesOut }

    fileprivate mutating func add(_ count: Int, isSent: Bool) {
      if isSent {
        messagesOut += 1
        bytesOut += UInt64(count)
      } else {
        messagesIn += 1
        bytesIn += UInt64(count)
      }
    }
  }

  /// A connection event.
  struct Event: Hashable {
    /// The time of the event, in ns since the Unix epoch.
    let time: UInt64
    /// The connection's id.
    let connection: UInt32
    /// The peer's endpoint.
    let remote: Endpoint
    /// The event in words that are safe to print on a terminal.
    let words: String
  }

  /// Maximum number of events kept.
  static let eventLimit = 50

  /// Maximum number of commands counted separately, because peers may send any command.
  static let commandLimit = 200

  /// Traffic since the start, by command.
  private(set) var totals: [Command: Traffic] = [:]
  /// Traffic in the latest sample, by command.
  private(set) var commands: [Command: Traffic] = [:]
  /// Traffic in the latest sample, by connection.
  private(set) var peers: [UInt32: Traffic] = [:]
  /// Duration of the latest sample in seconds; 0 before the first.
  private(set) var seconds = 0.0
  /// The latest events, oldest first.
  private(set) var events: [Event] = []
  /// Connections since the start: opened, ended, and failed before they opened.
  private(set) var eventCounts = (opened: 0, ended: 0, failed: 0)

  private var currentCommands: [Command: Traffic] = [:]
  private var currentPeers: [UInt32: Traffic] = [:]
  private var start: UInt64

  /// Starts a sample.
  init(at now: UInt64) { start = now }

  /// Counts a record.
  mutating func note(_ record: StreamRecord) {
    let header = record.header
    switch record.content {
    case .message(let message?):
      var command = message.command
      if totals[command] == nil, totals.count >= Self.commandLimit { command = "(others)" }
      let isSent = header.flags.contains(.sent)
      let count = record.body.count
      totals[command, default: Traffic()].add(count, isSent: isSent)
      currentCommands[command, default: Traffic()].add(count, isSent: isSent)
      currentPeers[header.connection, default: Traffic()].add(count, isSent: isSent)
    case .event(let event): note(event, header)
    default: break
    }
  }

  private mutating func note(_ event: ConnectionEvent, _ header: RecordHeader) {
    var words = event.code.name
    switch event.code {
    case .handshaken:
      eventCounts.opened += 1
      words += " \(EscapedText.utf8(event.userAgent))"
    case .connectFailed: eventCounts.failed += 1
    case .connected, .accepted: break
    default: eventCounts.ended += 1
    }
    if let outcome = event.outcome { words += ": \(EscapedText.utf8(outcome.words.utf8))" }
    events.append(
      Event(time: header.time, connection: header.connection, remote: event.remote, words: words)
    )
    if events.count > Self.eventLimit { events.removeFirst(events.count - Self.eventLimit) }
  }

  /// Ends the sample and starts the next, unless it is shorter than `seconds`.
  mutating func sample(at now: UInt64, atLeast seconds: Double) {
    let duration = Double(now - start) / 1e9
    guard duration > 0, duration >= seconds else { return }
    self.seconds = duration
    commands = currentCommands
    peers = currentPeers
    currentCommands = [:]
    currentPeers = [:]
    start = now
  }

  /// A count of the latest sample per second.
  func rate(_ count: UInt64) -> Double { seconds > 0 ? Double(count) / seconds : 0 }

  /// The total traffic of the latest sample.
  var traffic: Traffic {
    commands.values.reduce(into: Traffic()) { sum, part in
      sum.messagesIn += part.messagesIn
      sum.messagesOut += part.messagesOut
      sum.bytesIn += part.bytesIn
      sum.bytesOut += part.bytesOut
    }
  }
}
