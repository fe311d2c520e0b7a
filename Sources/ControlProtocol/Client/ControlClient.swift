import Access
import Bytes
import EventLoop

/// A client of the control protocol, version 3, or 2 with older connectors. It says hello, sends requests and
/// delivers replies and events.
///
/// It belongs to its loop's thread and never blocks. Close it before releasing it.
public final class ControlClient {
  /// Receives the reply to a request, exactly once.
  public typealias Completion = (Result<ControlReply, ControlClientError>) -> Void

  /// The connector's introduction; nil until it is received.
  public private(set) var hello: ServerHello?

  /// Called once if an open connection is lost, but not after `close`.
  public var lost: ((ControlClientError) -> Void)?

  private let loop: EventLoop
  private let address: SocketAddress
  private let key: AccessKey?
  private let name: String
  private let timeout: Double
  private let framer = ControlFramer(versions: ControlFrame.nativeVersions)
  private var opened: ((Result<ServerHello, ControlClientError>) -> Void)?
  private var attempt: AccessAttempt?
  private var stream: ByteStream?
  private var failure: ControlClientError?
  private var lastID: UInt32 = 0
  private var pending = PendingRequests()
  private var timer: TimerWatcher?
  private var events: [UInt32: (ControlEvent) -> Void] = [:]

  /// Starts to connect and to say hello.
  ///
  /// - Parameters:
  ///   - key: the access key for TCP; nil for none.
  ///   - name: the client's program and version, for the connector.
  ///   - timeout: seconds for the connect, and again for the hello.
  ///   - opened: called once with the connector's hello or the failure, never from within this initializer.
  public init(
    to address: SocketAddress,
    key: AccessKey? = nil,
    name: String,
    timeout: Double = 5,
    on loop: EventLoop,
    opened: @escaping (Result<ServerHello, ControlClientError>) -> Void
  ) {
    self.loop = loop
    self.address = address
    self.key = key
    self.name = name
    self.timeout = timeout
    self.opened = opened
    timer = TimerWatcher(on: loop) { [unowned self] in expire() }
    attempt = AccessAttempt(to: address, key: key, for: .control, timeout: timeout, on: loop) {
      [unowned self] in
      connected($0)
    }
  }

  /// Whether requests can be sent.
  public var isOpen: Bool { hello != nil && stream != nil }

  /// Sends a request.
  ///
  /// - Parameters:
  ///   - timeout: seconds until the request fails.
  ///   - events: called with the request's events after its reply, until the client is closed.
  ///   - completion: called with the reply or the failure; immediately if the client is not open.
  /// - Returns: the request's id.
  @discardableResult
  public func send(
    _ request: ControlRequest,
    timeout: Double = 30,
    events: ((ControlEvent) -> Void)? = nil,
    completion: @escaping Completion
  ) -> UInt32 {
    lastID = lastID == .max ? 1 : lastID + 1
    guard let stream else {
      completion(.failure(failure ?? .disconnected("it was closed")))
      return lastID
    }
    if let events { self.events[lastID] = events }
    pending.add(lastID, request.name, seconds: timeout, now: Clock.monotonic(), completion)
    stream.write(request.frame(id: lastID, version: hello?.version ?? ControlFrame.nativeVersions.lowerBound))
    startTimer()
    return lastID
  }

  /// Closes the connection. No callback is called any more, not even for pending requests.
  public func close() {
    attempt?.cancel()
    attempt = nil
    timer?.cancel()
    pending.removeAll()
    events = [:]
    opened = nil
    lost = nil
    guard let stream else { return }
    self.stream = nil
    stream.flush()
    stream.close(.closed("done"))
  }

  private func connected(_ result: Result<Int32, AccessError>) {
    attempt = nil
    switch result {
    case .failure(let error): fail(.unreachable(address, error))
    case .success(let descriptor):
      stream = ByteStream(descriptor, on: loop, handler: self)
      let versions = ControlFrame.nativeVersions
      send(.hello(versions: versions, client: name), timeout: timeout) { [unowned self] result in
        switch result {
        case .failure(let error): fail(error)
        case .success(.hello(let hello)) where !versions.contains(hello.version):
          fail(.malformed("it chose version \(hello.version), which was not offered"))
        case .success(.hello(let hello)):
          self.hello = hello
          let opened = self.opened
          self.opened = nil
          opened?(.success(hello))
        case .success: fail(.malformed("the reply to hello has another type"))
        }
      }
    }
  }

  /// Closes the connection and reports the failure to all pending callbacks.
  private func fail(_ error: ControlClientError) {
    guard failure == nil else { return }
    failure = error
    let unanswered = pending.removeAll()
    let opened = self.opened
    let lost = hello == nil ? nil : self.lost
    let stream = self.stream
    close()
    stream?.close(.closed(error.description))
    for completion in unanswered { completion(.failure(error)) }
    opened?(.failure(error))
    lost?(error)
  }

  private func expire() {
    for (completion, error) in pending.expire(now: Clock.monotonic()) { completion(.failure(error)) }
    startTimer()
  }

  private func startTimer() {
    timer?.cancel()
    guard stream != nil, let seconds = pending.secondsUntilNext(now: Clock.monotonic()) else { return }
    timer?.start(after: seconds)
  }

  private func handle(_ answer: ControlAnswer) {
    switch answer {
    case .event(let identifier, let event): events[identifier]?(event)
    case .reply(let identifier, .failure(let failure)):
      if let completion = pending.remove(identifier) { return completion(.failure(.refused(failure))) }
      // A failure with request id 0 concerns the connection. The connector closes it.
      if identifier == 0 { fail(.refused(failure)) }
    case .reply(let identifier, let reply): pending.remove(identifier)?(.success(reply))
    }
  }
}

extension ControlClient: ByteStreamHandler {
  /// Handles the whole frames in the input.
  public func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var offset = 0
    do throws(WireError) {
      while stream.isOpen {
        let rest = UnsafeRawBufferPointer(rebasing: slice.bytes[offset...])
        switch try framer.first(in: rest) {
        case .needsMore(let count):
          stream.expectedCount = count
          return offset
        case .frame(let frame):
          offset += frame.count
          let payload = UnsafeRawBufferPointer(rebasing: rest[frame.payload])
          let answer = try ControlAnswer(version: frame.version, type: frame.type, payload: payload.bytes)
          if let answer { handle(answer) }
        case .unsupported(let version):
          let isChallenge = AccessKey.isChallenge(slice.bytes)
          fail(.malformed(isChallenge ? AccessError.keyWanted : "its version is \(version)"))
          return offset
        }
      }
    } catch {
      fail(.malformed(AccessKey.isChallenge(slice.bytes) ? AccessError.keyWanted : "\(error)"))
    }
    return offset
  }

  /// Handles the loss of the connection.
  public func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    guard stream === self.stream else { return }
    self.stream = nil
    fail(.disconnected(reason.description))
  }
}
