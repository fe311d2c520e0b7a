import BitcoinWire
import Bytes
import EventLoop
import Observations

/// A session with an I2P router, from which connections are made: as long as its socket is open.
///
/// It is opened when it is first needed, and again after it was lost. Tunnels take seconds to build; what is to be
/// connected waits for them.
final class SAMBridge {
  /// Where the router listens.
  let address: SocketAddress

  /// The session's name; nil where there is none.
  private(set) var session: String?

  private enum Phase {
    case closed, hello, create, open
  }

  private let loop: EventLoop
  private let changed: (SAMBridge, _ failure: Outcome?) -> Void
  private var phase = Phase.closed
  private var attempt: ConnectAttempt?
  private var stream: ByteStream?
  private var deadline: TimerWatcher?
  private var name = ""

  /// Describes a session that is not opened yet.
  ///
  /// - Parameter changed: told that the session is there, or how each connect ends that waits for it; never from within
  ///   `open`.
  init(_ address: SocketAddress, on loop: EventLoop, changed: @escaping (SAMBridge, Outcome?) -> Void) {
    self.address = address
    self.loop = loop
    self.changed = changed
  }

  /// Opens the session. Does nothing where that is under way or done.
  ///
  /// - Parameter timeout: seconds that it may take.
  func open(timeout: Double) {
    guard case .closed = phase else { return }
    phase = .hello
    name = "netmine-\(Hexadecimal.text((0..<8).map { _ in UInt8.random(in: 0 ... .max) }))"
    deadline = TimerWatcher(on: loop) { [unowned self] in fail(.timeout(Connector.nanoseconds(timeout))) }
    deadline?.start(after: timeout)
    attempt = ConnectAttempt(to: address, timeout: timeout, loop: loop) { [unowned self] result in
      attempt = nil
      switch result {
      case .success(let descriptor):
        let stream = ByteStream(descriptor, on: loop, handler: self)
        self.stream = stream
        stream.write(SAM.hello)
      case .failure(let error): end(Endpoint(address).map { Outcome(error, at: $0) } ?? Outcome(error))
      }
    }
  }

  /// The router does not know a session of that name: it is opened anew when it is next needed.
  func lost(_ session: String) {
    if session == self.session { close() }
  }

  /// Gives the session up; nothing is reported.
  func close() {
    phase = .closed
    session = nil
    deadline?.cancel()
    attempt?.cancel()
    attempt = nil
    let stream = self.stream
    self.stream = nil
    stream?.close(.closed("done"))
  }

  private func fail(_ failure: Outcome.ProxyFailure) { end(Outcome(.proxy, .proxy(failure))) }

  private func end(_ outcome: Outcome) {
    let isOpening = session == nil
    close()
    if isOpening { changed(self, outcome) }
  }

  private func take(_ reply: SAM.Reply) {
    switch (phase, reply.topic) {
    case (.hello, "HELLO REPLY"):
      guard reply.result == "OK" else { return fail(reply.failure) }
      phase = .create
      stream?.write(SAM.createSession(name))
    case (.create, "SESSION STATUS"):
      guard reply.result == "OK" else { return fail(reply.failure) }
      phase = .open
      session = name
      deadline?.cancel()
      changed(self, nil)
    case (.open, "SESSION STATUS"): fail(reply.failure)
    // Later versions say more.
    case (.open, _): break
    case (.hello, _), (.create, _), (.closed, _): fail(.notProxy)
    }
  }
}

extension SAMBridge: ByteStreamHandler {
  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var offset = 0
    while stream === self.stream, stream.isOpen {
      switch SAM.line(UnsafeRawBufferPointer(rebasing: slice.bytes[offset...])) {
      case .needsMore: return offset
      case .malformed: fail(.notProxy)
      case .reply(let reply, let count):
        offset += count
        take(reply)
      }
    }
    return slice.range.count
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    guard stream === self.stream else { return }
    self.stream = nil
    end(Outcome(ofProxy: reason))
  }
}
