import BitcoinWire
import Bytes
import EventLoop
import Observations

/// A session with an I2P router, from which connections are made. It lasts as long as its socket is open.
///
/// It is opened on first use, and again after a loss. Tunnels take seconds to build; connects wait for them.
final class SAMBridge {
  /// The router's address.
  let address: SocketAddress

  /// The session's name; nil if there is none.
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

  /// Describes a session that is not open yet.
  ///
  /// - Parameter changed: called when the session is open, or with the outcome of the connects that wait for
  ///   it; never from within `open`.
  init(_ address: SocketAddress, on loop: EventLoop, changed: @escaping (SAMBridge, Outcome?) -> Void) {
    self.address = address
    self.loop = loop
    self.changed = changed
  }

  /// Opens the session. Does nothing if it is open or being opened.
  ///
  /// - Parameter timeout: seconds until it fails.
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

  /// Closes a session that the router no longer knows. The next connect opens a new one.
  func lost(_ session: String) {
    if session == self.session { close() }
  }

  /// Closes the session without a report.
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
    // Later versions send further messages.
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
