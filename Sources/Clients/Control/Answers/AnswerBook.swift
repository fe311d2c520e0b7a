import BitcoinWire
import Bytes
import ControlProtocol
import LogConsumer
import LogProtocol
import Observations

/// Finds the peers' answers to our messages in a stream's records, and measures their delays.
struct AnswerBook {
  private struct Page {
    let connection: ConnectionInfo
    var sent: UInt64?
    var answerCount = 0
  }

  /// The delay of every answer, in ns.
  private(set) var delays: [UInt64] = []

  /// Connections that closed before they gave `limit` answers, in the order in which they closed.
  private(set) var closed: [UInt32] = []

  private var pages: [UInt32: Page] = [:]
  private var openCount: Int
  private let messages: Set<[UInt8]>
  private let awaited: Set<Command>
  private let limit: Int
  private let dialect: Dialect

  /// Creates a book that waits for answers.
  ///
  /// - Parameters:
  ///   - connections: the connections that are asked.
  ///   - messages: the whole messages that they are asked with.
  ///   - awaited: the commands that count as answers.
  ///   - limit: the number of answers to accept from each connection.
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

  /// The number of connections asked.
  var peerCount: Int { pages.count }

  /// The number of connections that have answered at least once.
  var answeredCount: Int { pages.values.count { $0.answerCount > 0 } }

  /// The ids of connections without an answer, ascending.
  var unanswered: [UInt32] { pages.filter { $0.value.answerCount == 0 }.keys.sorted() }

  /// Whether every connection has given `limit` answers or closed.
  var isComplete: Bool { openCount == 0 }

  /// Handles a record; returns the answer if it is one.
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
    // Times of receipt come from the kernel, times of sending from the connector, so the difference can be
    // negative.
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
