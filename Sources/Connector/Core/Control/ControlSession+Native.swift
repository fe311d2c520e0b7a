import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Observations

extension ControlSession {
  /// The most connections in one page of a list.
  private static let pageLimit: UInt32 = 1000

  /// The most endpoints in one connect request.
  private static let connectLimit = 10_000

  /// A reply, and the work to do after it has been written, so that events follow the reply.
  private struct Step {
    let reply: ControlReply
    var then: () -> Void = {}
  }

  /// Handles a request of version 2 or 3, and replies exactly once.
  ///
  /// - Returns: false if the request has to wait, for room or for messages that are still being sent.
  func handleNative(type: UInt8, _ payload: RawSpan) -> Bool {
    let (id, request) = ControlRequest.read(type: type, payload: payload)
    do throws(ControlFailure) {
      let request = try request.get()
      guard isReady(for: request) else { return false }
      guard !connector.isShuttingDown else {
        throw ControlFailure(.shuttingDown, "the connector is shutting down")
      }
      publish(request.summary, request: id)
      let step = try perform(request, id)
      reply(step.reply, to: id)
      step.then()
    } catch {
      publish("refused: \(error)", request: id)
      reply(.failure(error), to: id)
    }
    return true
  }

  private func isReady(for request: ControlRequest) -> Bool {
    switch request {
    case .send, .disconnect, .connect, .registerMessage: guard hasRoom(for: .much) else { return false }
    case .hello, .listMessages, .forgetMessage, .listConnections, .statistics, .reload, .shutDown:
      guard hasRoom(for: .little) else { return false }
    }
    if case .connect = request, !isCaughtUp() { return false }
    guard case .send(let request) = request else { return isReady() }
    switch request.content {
    case .registered(let identifier):
      return isReady(toSend: messages[identifier]?.count ?? 0, to: request.target)
    case .message(let message): return isReady(toSend: message.count, to: request.target)
    }
  }

  /// Whether all failed connects have been reported. If not, the next request waits.
  func isCaughtUp() -> Bool {
    if !connector.dialler.isCaughtUp { waitForTurn() }
    return connector.dialler.isCaughtUp
  }

  private func perform(_ request: ControlRequest, _ id: UInt32) throws(ControlFailure) -> Step {
    switch request {
    case .hello(let versions, let client):
      let spoken = ControlFrame.nativeVersions
      guard versions.overlaps(spoken) else {
        throw ControlFailure(
          .unsupportedVersion,
          "this connector speaks versions \(spoken), the client \(versions)"
        )
      }
      greeted(as: client)
      let version = min(versions.upperBound, spoken.upperBound)
      return Step(reply: .hello(connector.hello(version: version)))
    case .registerMessage(let message): return Step(reply: .messageRegistered(try register(message)))
    case .listMessages:
      return Step(
        reply: .messages(
          messages.sorted { $0.key < $1.key }.map {
            RegisteredMessage(id: $0.key, command: command(of: $0.value), byteCount: UInt32($0.value.count))
          }
        )
      )
    case .forgetMessage(let identifier):
      guard forget(identifier) else { throw noSuchMessage(identifier) }
      return Step(reply: .messageForgotten)
    case .connect(let targets): return Step(reply: try connect(targets, id))
    case .disconnect(let target):
      let waiting = connector.dialler.waiting(target)
      let waitingIDs = Set(waiting.map(\.id))
      let (found, unknown) = connector.connections(target)
      let missing = unknown.filter { !waitingIDs.contains($0) }
      if waiting.isEmpty { try requireAny(found, missing) }
      let count = UInt32(found.count + waiting.count)
      return Step(reply: .disconnecting(count: count, missing: missing)) { [self] in
        connector.disconnect(found, waiting: waiting)
      }
    case .send(let request):
      let message = try message(of: request)
      let (found, missing) = recipients(request.target)
      try requireAny(found, missing)
      return Step(reply: .sending(count: UInt32(found.count), missing: missing)) { [self] in
        gather(message, request: id)
      }
    case .listConnections(let after, let limit, let target):
      return Step(reply: try list(target, after: after, limit: limit))
    case .statistics: return Step(reply: .statistics(connector.statistics))
    case .reload:
      do {
        return Step(reply: .reloaded(try connector.reload()))
      } catch {
        throw ControlFailure(.failed, "configuration kept as it was: \(error)")
      }
    case .shutDown: return Step(reply: .shuttingDown) { [self] in connector.shutDown() }
    }
  }

  private func register(_ message: [UInt8]) throws(ControlFailure) -> UInt32 {
    try check(message, isUnchecked: false)
    return try keep(message)
  }

  private func connect(_ targets: [ConnectTarget], _ id: UInt32) throws(ControlFailure) -> ControlReply {
    guard targets.count <= Self.connectLimit else {
      throw ControlFailure(
        .limit,
        "\(targets.count) endpoints in one request; \(Self.connectLimit) are allowed"
      )
    }
    let ids = targets.map { connector.dial($0, for: self, request: id, lane: ObjectIdentifier(self)) }
    // Failures that are only counted have no endpoint in the stream: this record pairs their ids with the
    // request's endpoints.
    publish("connections \(IDRanges(ids))", request: id)
    return .connecting(ids)
  }

  private func list(
    _ target: ControlTarget,
    after: UInt32,
    limit: UInt32
  ) throws(ControlFailure) -> ControlReply {
    if case .filter(let filter) = target, filter.sample != nil {
      throw ControlFailure(.refused, "a list cannot have a random sample: each page would draw again")
    }
    let limit = Int(min(limit == 0 ? Self.pageLimit : limit, Self.pageLimit))
    let wallOffset = Clock.wallOffset()
    var page: [ConnectionInfo] = []
    page.reserveCapacity(min(limit, connector.connections.count))
    for connection in connector.connections.after(after) {
      let info = connection.info(wallOffset: wallOffset)
      guard isListed(info, target) else { continue }
      guard page.count < limit else { return .connections(page, next: page.last?.id ?? 0) }
      page.append(info)
    }
    return .connections(page, next: 0)
  }

  private func isListed(_ connection: ConnectionInfo, _ target: ControlTarget) -> Bool {
    switch target {
    case .all: true
    case .connections(let ids): ids.contains(connection.id)
    case .filter(let filter): filter.matches(connection)
    }
  }

  /// Throws if a target names connections and none of them exists.
  private func requireAny(_ found: [PeerConnection], _ missing: [UInt32]) throws(ControlFailure) {
    guard found.isEmpty, !missing.isEmpty else { return }
    let ids = missing.prefix(10).map(String.init).joined(separator: ", ")
    throw ControlFailure(.noSuchConnection, "there is no open connection \(ids)")
  }

  private func message(of request: SendRequest) throws(ControlFailure) -> [UInt8] {
    switch request.content {
    case .registered(let identifier):
      guard let message = messages[identifier] else { throw noSuchMessage(identifier) }
      return message
    case .message(let message):
      try check(message, isUnchecked: request.isUnchecked)
      return message
    }
  }

  /// Throws unless the bytes are exactly one whole message of our network.
  private func check(_ message: [UInt8], isUnchecked: Bool) throws(ControlFailure) {
    guard !isUnchecked else { return }
    let problem: String
    switch connector.framer.next(in: message.span.bytes) {
    case .message(_, let total, let checksumValid):
      if total == message.count, checksumValid { return }
      problem = checksumValid ? "\(message.count - total) bytes follow the message" : "the checksum is wrong"
    case .needMore(let total): problem = "\(message.count) bytes of \(total)"
    case .violation(let violation): problem = "\(violation)"
    }
    throw ControlFailure(.badMessage, "not a whole message of \(connector.network.name): \(problem)")
  }

  private func noSuchMessage(_ identifier: UInt32) -> ControlFailure {
    ControlFailure(.noSuchMessage, "no message \(identifier) is registered")
  }

  private func command(of message: [UInt8]) -> Command {
    MessageHeader(peeking: message.span.bytes)?.command ?? Command("?")
  }
}
