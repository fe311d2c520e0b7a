import BitcoinWire
import Bytes
import ControlProtocol
import LogProtocol

extension ControlSession {
  /// Handles a version 0 request. Its protocol has no errors: a malformed request is only published. A
  /// message that is refused gets id 0, as in coinscope.
  ///
  /// - Returns: false if the request has to wait, for room or for messages that are still being sent.
  func handleCoinscope(type: UInt8, _ payload: RawSpan) -> Bool {
    do throws(WireError) {
      let request = try CoinscopeRequest(type: type, payload: payload)
      guard isReady(for: request) else { return false }
      publish(Self.summary(request), request: nil)
      perform(request)
    } catch {
      publish("malformed request of type \(type): \(error)", request: nil)
      connector.publisher.publish(
        .error,
        text: "control: malformed version 0 request of type \(type): \(error)"
      )
    }
    return true
  }

  private func isReady(for request: CoinscopeRequest) -> Bool {
    switch request {
    case .send, .disconnect, .connect: guard hasRoom(for: .much) else { return false }
    case .registerMessage, .getConnections, .register: guard hasRoom(for: .little) else { return false }
    }
    if case .connect = request, !isCaughtUp() { return false }
    guard case .send(let identifier, let target) = request else { return isReady() }
    return isReady(toSend: messages[identifier]?.count ?? 0, to: target.native)
  }

  private func perform(_ request: CoinscopeRequest) {
    switch request {
    case .registerMessage(let message): write(CoinscopeReply.identifier(register(message)))
    case .getConnections:
      let open = connector.connections(.all).found.filter { $0.openConnection != nil }
      write(
        CoinscopeReply.connections(
          open.map { CoinscopeReply.Connection(id: $0.id, remote: $0.remote, local: $0.local) }
        )
      )
    case .disconnect(let target):
      connector.disconnect(
        connector.connections(target.native).found,
        waiting: connector.dialler.waiting(target.native)
      )
    case .send(let identifier, let target):
      guard let message = messages[identifier] else {
        return connector.publisher.publish(.error, text: "control: invalid message id \(identifier)")
      }
      _ = recipients(target.native)
      gather(message, request: nil)
    case .register:
      forgetAll()
      registration = .random(in: 1 ... .max)
      write(CoinscopeReply.identifier(registration))
    case .connect(let remote, _):
      // Coinscope documents the local address but ignores it, so its clients put the remote one there.
      let id = connector.dial(ConnectTarget(remote), for: nil, request: 0, lane: ObjectIdentifier(self))
      publish("connections \(id)", request: nil)
    }
  }

  /// Registers a message and returns its id; 0 if it is not one whole message or the pool is full.
  private func register(_ message: [UInt8]) -> UInt32 {
    guard let header = MessageHeader(peeking: message.span.bytes), header.totalLength == message.count else {
      return 0
    }
    return (try? keep(message)) ?? 0
  }

  private static func summary(_ request: CoinscopeRequest) -> String {
    switch request {
    case .registerMessage(let message): "register message (\(message.count) bytes)"
    case .getConnections: "list connections"
    case .disconnect(let target): "disconnect \(text(target))"
    case .send(let message, let target): "send message \(message) to \(text(target))"
    case .register: "register"
    case .connect(let remote, _): "connect \(remote)"
    }
  }

  private static func text(_ target: CoinscopeTarget) -> String {
    switch target {
    case .all: "all"
    case .connections(let ids): ids.map(String.init).joined(separator: " ")
    }
  }
}

extension CoinscopeTarget {
  /// The same target in the native protocol.
  var native: ControlTarget {
    switch self {
    case .all: .all
    case .connections(let ids): .connections(ids)
    }
  }
}
