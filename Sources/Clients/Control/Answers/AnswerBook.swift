import BitcoinWire
import Bytes
import ControlProtocol
import LogConsumer
import LogProtocol
import Observations

/// Tells from the records of a stream what peers answer to messages of ours, and when.
struct AnswerBook {
  private struct Page {
    let connection: ConnectionInfo
    var sent: UInt64?
    var answerCount = 0
  }

  /// Every delay of an answer, in ns.
  private(set) var delays: [UInt64] = []

  /// Peers that were lost before they had answered, in that order.
  private(set) var closed: [UInt32] = []

  private var pages: [UInt32: Page] = [:]
  private var openCount: Int
  private let messages: Set<[UInt8]>
  private let awaited: Set<Command>
  private let limit: Int
  private let dialect: Dialect

  /// Awaits answers.
  ///
  /// - Parameters:
  ///   - connections: those that are asked.
  ///   - messages: what they are asked: whole messages.
  ///   - awaited: the commands that are answers.
  ///   - limit: how many answers each gives at most.
  init(
    of connections: [ConnectionInfo],
    to messages: [[UInt8]],
    awaiting awaited: [Command],
    limit: Int = 1,
    dialect: Dialect
  ) {
    for connection in connections { pages[connection.id] = Page(connection: connection) }
    openCount = connections.count
    self.messages = Set(messages)
    self.awaited = Set(awaited)
    self.limit = limit
    self.dialect = dialect
  }

  /// How many are asked.
  var peerCount: Int { pages.count }

  /// How many have answered.
  var answeredCount: Int { pages.values.count { $0.answerCount > 0 } }

  /// Those that have not, ascending.
  var unanswered: [UInt32] { pages.filter { $0.value.answerCount == 0 }.keys.sorted() }

  /// Whether nothing more is to come.
  var isComplete: Bool { openCount == 0 }

  /// Takes a record in; returns the answer that it is.
  mutating func note(_ record: StreamRecord) -> Answer? {
    let header = record.header
    guard let page = pages[header.connection], page.answerCount < limit else { return nil }
    if case .event(let event) = record.content {
      if event.code.endsConnection { close(header.connection) }
      return nil
    }
    guard case .message(let message?) = record.content, !header.flags.contains(.wrongChecksum) else {
      return nil
    }
    if header.flags.contains(.sent) {
      if page.sent == nil, messages.contains(Array(record.body)) {
        pages[header.connection]?.sent = header.time
      }
      return nil
    }
    guard let sent = page.sent, awaited.contains(message.command), !closed.contains(header.connection) else {
      return nil
    }
    pages[header.connection]?.answerCount += 1
    if page.answerCount + 1 == limit { openCount -= 1 }
    // Clocks of receipt are the kernel's, those of sending ours.
    let delay = header.time > sent ? header.time - sent : 0
    delays.append(delay)
    return Answer(
      connection: page.connection,
      time: header.time,
      isUpperBound: header.flags.contains(.upperBound),
      delay: delay,
      command: message.command,
      payload: [UInt8](record.payload),
      dialect: dialect
    )
  }

  private mutating func close(_ connection: UInt32) {
    guard !closed.contains(connection) else { return }
    closed.append(connection)
    openCount -= 1
  }
}
