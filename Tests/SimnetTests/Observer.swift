import BitcoinWire
import Bytes
import EventLoop
import Glibc
import Logging

@testable import SimnetCore

/// An observer's end of a connection, driven message by message by a test.
final class Observer: ByteStreamHandler {
  var messages: [Message] = []
  var closeReason: CloseReason?
  private(set) var stream: ByteStream?
  /// Called once connected.
  var whenConnected: ((Observer) -> Void)?
  private var attempt: ConnectAttempt?
  private let framer = Network.simnet.framer

  /// Connects to a node.
  init(to endpoint: Endpoint, on loop: EventLoop) {
    guard case .ipv4(let address) = endpoint.address else { return }
    attempt = ConnectAttempt(to: .ipv4(address, port: endpoint.port), timeout: 5, loop: loop) {
      [unowned self] in
      switch $0 {
      case .success(let descriptor): take(descriptor, on: loop)
      case .failure(let error): closeReason = .closed("\(error)")
      }
    }
  }

  /// Creates an observer without a connection; see `take`.
  init() {}

  func take(_ descriptor: Int32, on loop: EventLoop) {
    stream = ByteStream(descriptor, on: loop, handler: self)
    whenConnected?(self)
  }

  func send(_ messages: Message...) {
    for message in messages { stream?.write(Network.simnet.frame(message)) }
  }

  /// The commands received so far.
  var commands: [Command] { messages.map(\.command) }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var consumed = 0
    let bytes = slice.bytes
    while case .message(let header, let total, true) = framer.next(
      in: UnsafeRawBufferPointer(rebasing: bytes[consumed...])
    ) {
      let payload = bytes[(consumed + MessageHeader.size)..<(consumed + total)]
      if let decoded = try? Message.decode(
        header.command,
        payload: UnsafeRawBufferPointer(rebasing: payload).bytes
      ) {
        messages.append(decoded.message)
      }
      consumed += total
    }
    stream.expectedCount = 1 << 20
    return consumed
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) { closeReason = reason }
}

/// A simulated network and its event loop.
final class Stage {
  let loop: EventLoop
  let simnet: Simnet

  init(
    _ settings: SimnetSettings = .small(),
    loop: EventLoop = EventLoop(),
    truthPath: String? = nil,
    messagesPath: String? = nil
  ) throws {
    self.loop = loop
    simnet = try Simnet(
      settings,
      on: loop,
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      truthPath: truthPath,
      messagesPath: messagesPath
    )
  }

  deinit { simnet.close() }

  /// The first node whose profile has every feature.
  var node: SimulatedNode { modern[0] }

  /// The nodes whose profile has every feature.
  var modern: [SimulatedNode] {
    simnet.nodes.filter { $0.profile.speaksWtxidRelay && $0.profile.speaksAddrV2 }
  }

  /// Connects to a node and completes the handshake.
  ///
  /// - Parameter number: index of the node among those that have every feature.
  func observe(_ number: Int = 0, _ features: Message...) throws -> Observer {
    let observer = Observer(to: modern[number].endpoint, on: loop)
    try run { observer.stream != nil }
    observer.send(.version(.observer()))
    for feature in features { observer.send(feature) }
    observer.send(.verack)
    try run { observer.commands.contains(.ping) }
    return observer
  }

  /// Runs the loop until the condition holds; fails after 20 s.
  func run(until condition: () -> Bool) throws {
    let deadline = Clock.monotonic() + 20 * second
    let tick = TimerWatcher(on: loop) {}
    tick.start(after: 0.01, every: 0.01)
    while !condition() {
      guard Clock.monotonic() < deadline else { throw IOError("wait", code: ETIMEDOUT) }
      loop.runOnce()
    }
  }
}
