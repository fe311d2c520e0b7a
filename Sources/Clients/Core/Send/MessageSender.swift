import BitcoinWire
import ControlProtocol

/// Sends messages one after another and tells to how many connections each went.
struct MessageSender {
  /// Which connections.
  let target: ControlTarget

  /// Whether whole messages are sent as they are.
  let isForced: Bool

  /// Seconds to wait until each is written.
  let timeout: Double

  /// Sends the messages; the status says whether each went to all it was meant for.
  func send(
    _ messages: [MessageSpecification],
    _ environment: ClientEnvironment
  ) throws(ClientFailure) -> ExitStatus {
    try environment.withSession { session throws(ClientFailure) in
      var isComplete = true
      var prepared: [(name: String, bytes: [UInt8])] = []
      for message in messages {
        prepared.append(try message.message(magic: session.hello.magic, force: isForced))
      }
      for (name, bytes) in prepared {
        let outcome = try send(name, bytes, session)
        if environment.isJSON {
          environment.output.line(outcome.json)
        } else {
          environment.output.line(outcome.text)
        }
        if !outcome.isComplete { isComplete = false }
      }
      return isComplete ? .succeeded : .someFailed
    }
  }

  private func send(
    _ name: String,
    _ bytes: [UInt8],
    _ session: ControlSession
  ) throws(ClientFailure) -> SendOutcome {
    var sent: (count: UInt32, lost: UInt32)?
    let request = ControlRequest.send(SendRequest(.message(bytes), to: target, unchecked: isForced))
    let reply = try session.request(request) { event in
      if case .sent(let count, let lost) = event { sent = (count, lost) }
    }
    guard case .sending(let count, let missing) = reply else { throw session.unexpected(request.name) }
    _ = try session.wait(timeout: timeout) { sent != nil }
    return SendOutcome(
      message: name,
      byteCount: bytes.count,
      accepted: count,
      sent: sent?.count,
      lost: sent?.lost ?? 0,
      missing: missing
    )
  }
}
