import BitcoinWire
import Commands
import ControlProtocol
import JSON
import LogProtocol
import Steering

/// Sends messages one after another. Prints the number of connections that each was sent to and, if
/// requested, the answers.
struct MessageSender {
  /// Chooses the connections.
  let targets: TargetOptions

  /// The messages and their options.
  let options: MessageOptions

  /// Messages ready to send, with names for reports.
  private typealias Prepared = [(name: String, bytes: [UInt8])]

  /// Sends the messages. The status tells whether each was sent to every chosen connection, and all peers
  /// answered.
  func send(
    _ messages: [MessageArgument],
    _ environment: ClientEnvironment
  ) throws(ClientFailure) -> ExitStatus {
    guard !options.awaited.isEmpty else {
      return try environment.withSession { session throws(ClientFailure) in
        try send(prepare(messages, session), to: targets.target(), session, environment)
          ? .succeeded : .someFailed
      }
    }
    var subscription = Subscription(types: [.message, .connection])
    // Of sent messages only these are needed. A whole message without a known command needs all commands.
    subscription.commands = options.awaited + messages.compactMap(\.command)
    if messages.contains(where: { $0.command == nil }) { subscription.commands = [] }
    return try environment.withStream(subscription) { session, stream throws(ClientFailure) in
      try converse(prepare(messages, session), session, stream, environment)
    }
  }

  private func prepare(
    _ messages: [MessageArgument],
    _ session: ConnectorSession
  ) throws(ClientFailure) -> Prepared {
    var prepared: Prepared = []
    for message in messages {
      prepared.append(try message.message(magic: session.hello.magic, force: options.force))
    }
    return prepared
  }

  /// Sends the messages and prints the answers.
  private func converse(
    _ messages: Prepared,
    _ session: ConnectorSession,
    _ stream: ConnectorStream,
    _ environment: ClientEnvironment
  ) throws(ClientFailure) -> ExitStatus {
    let (found, missing) = try session.connections(targets)
    guard !found.isEmpty else {
      _ = environment.complain(missing: missing)
      throw ClientFailure(.someFailed, "There is no open connection to send to.")
    }
    var book = AnswerBook(
      of: found,
      to: messages.map(\.bytes),
      awaiting: options.awaited,
      limit: options.answers,
      dialect: Dialect(magic: session.hello.magic)
    )
    var answers: [Answer] = []
    stream.handle = { record in
      if let answer = book.note(record) { answers.append(answer) }
    }
    func show() {
      for answer in answers {
        if environment.isJSON {
          environment.output.line(answer.json)
        } else {
          environment.output.line(answer.text)
        }
      }
      answers = []
    }
    let target = ControlTarget.connections(found.map(\.id) + missing)
    let isComplete = try send(messages, to: target, session, environment)
    let interruption = Interruption(on: environment.loop, isHeard: environment.hearsSignals)
    let deadline = Deadline(seconds: options.timeout)
    repeat {
      _ = try session.wait(timeout: deadline.remaining) {
        !answers.isEmpty || book.isComplete || interruption.hasCome
      }
      show()
    } while !book.isComplete && deadline.remaining > 0 && !interruption.hasCome
      && !environment.output.isClosed
    summarise(book, environment)
    return isComplete && book.unanswered.isEmpty ? .succeeded : .someFailed
  }

  private func summarise(_ book: AnswerBook, _ environment: ClientEnvironment) {
    if environment.isJSON {
      var json = JSONWriter()
      json.member("awaited", options.awaited.map(\.description))
      json.member("peers", book.peerCount)
      json.member("answered", book.answeredCount)
      json.member("answers", book.delays.count)
      json.member("unanswered", book.unanswered)
      json.member("closed", book.closed)
      json.object("ms") { Distribution(book.delays).write(to: &$0) }
      return environment.output.line(json)
    }
    var text = "\(book.answeredCount) of \(Quantity.counted(book.peerCount, "peer")) answered"
    if !book.delays.isEmpty { text += ": \(Distribution(book.delays).text)" }
    if !book.closed.isEmpty { text += "; closed before: \(IdentifierList.text(book.closed))" }
    let silent = book.unanswered.filter { !book.closed.contains($0) }
    if !silent.isEmpty { text += "; silent: \(IdentifierList.text(silent))" }
    environment.output.note(text)
  }

  /// Sends the messages and prints the outcome of each. Returns whether each was sent to every chosen
  /// connection.
  private func send(
    _ messages: Prepared,
    to target: ControlTarget,
    _ session: ConnectorSession,
    _ environment: ClientEnvironment
  ) throws(ClientFailure) -> Bool {
    var isComplete = true
    for (name, bytes) in messages {
      let outcome = try session.send(
        bytes,
        named: name,
        to: target,
        unchecked: options.force,
        timeout: options.timeout
      )
      if environment.isJSON {
        environment.output.line(outcome.json)
      } else {
        environment.output.line(outcome.text)
      }
      if !outcome.isComplete { isComplete = false }
    }
    return isComplete
  }
}

extension MessageArgument {
  /// The command in the header; nil if a whole message is too short for a header.
  var command: Command? {
    switch self {
    case .named(let command, _), .raw(let command, _), .encoded(let command, _): command
    case .whole(let bytes): MessageHeader(peeking: bytes.span.bytes)?.command
    }
  }
}

extension ConnectorSession {
  /// Sends a whole message, and waits until it is written to every connection, or until the time-out.
  ///
  /// - Parameters:
  ///   - name: a name for reports.
  ///   - isUnchecked: whether the connector sends the bytes without a check.
  ///   - timeout: seconds to wait.
  func send(
    _ message: [UInt8],
    named name: String,
    to target: ControlTarget,
    unchecked isUnchecked: Bool = false,
    timeout: Double
  ) throws(ClientFailure) -> SendOutcome {
    var sent: (count: UInt32, lost: UInt32)?
    let request = ControlRequest.send(SendRequest(.message(message), to: target, unchecked: isUnchecked))
    let reply = try self.request(request) { event in
      if case .sent(let count, let lost) = event { sent = (count, lost) }
    }
    guard case .sending(let count, let missing) = reply else { throw unexpected(request.name) }
    _ = try wait(timeout: timeout) { sent != nil }
    return SendOutcome(
      message: name,
      byteCount: message.count,
      accepted: count,
      sent: sent?.count,
      lost: sent?.lost ?? 0,
      missing: missing
    )
  }
}

extension ConnectorSession {
  /// Sends a message to those of some connections that are open; none need be. Returns their number.
  func sendIfThere(_ message: [UInt8], to connections: [UInt32]) throws(ClientFailure) -> UInt32 {
    do throws(ClientFailure) {
      return try send(message, named: "message", to: .connections(connections), timeout: 10).accepted
    } catch {
      guard error.status == .someFailed else { throw error }
      return 0
    }
  }
}
