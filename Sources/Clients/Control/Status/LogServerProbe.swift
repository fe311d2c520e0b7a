import Access
import Bytes
import Commands
import EventLoop
import LogProtocol

/// Requests a log server's status over its socket for readers.
final class LogServerProbe {
  private let loop: EventLoop
  private let address: SocketAddress
  private let key: AccessKey?
  private var attempt: AccessAttempt?
  private var stream: ByteStream?
  private var answer: Result<ServerStatus, ClientFailure>?

  /// Creates a probe of the log server at an address.
  init(_ address: SocketAddress, key: AccessKey?, on loop: EventLoop) {
    self.key = key
    self.address = address
    self.loop = loop
  }

  /// Requests the status and waits for it.
  ///
  /// - Parameter timeout: seconds allowed for connecting, and again for the answer.
  func status(timeout: Double = 5) throws(ClientFailure) -> ServerStatus {
    answer = nil
    if let stream { ask(stream) } else { connect(timeout: timeout) }
    let timer = TimerWatcher(on: loop) { [unowned self] in
      fail("The log server did not answer within \(Int(timeout)) s.")
    }
    timer.start(after: timeout)
    defer { timer.cancel() }
    while answer == nil { loop.runOnce() }
    return try answer!.get()
  }

  /// Closes the connection. Call it before releasing the probe.
  func close() {
    attempt?.cancel()
    guard let stream else { return }
    self.stream = nil
    stream.close(.closed("done"))
  }

  private func connect(timeout: Double) {
    attempt = AccessAttempt(to: address, key: key, for: .subscribe, timeout: timeout, on: loop) {
      [unowned self] result in
      attempt = nil
      switch result {
      case .failure(let error):
        fail("No log server answers on \(address): \(error.reason). Start it with `logserver`.")
      case .success(let descriptor):
        let stream = ByteStream(descriptor, on: loop, handler: self)
        self.stream = stream
        stream.write(StreamPreamble.bytes(createdAt: Clock.now()))
        ask(stream)
      }
    }
  }

  private func ask(_ stream: ByteStream) {
    stream.write(LinkMessage.statusRequest.record(at: Clock.now()))
  }

  private func fail(_ sentence: String) {
    if answer == nil { answer = .failure(ClientFailure(.unreachable, sentence)) }
  }
}

extension LogServerProbe: ByteStreamHandler {
  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var cursor = RecordCursor(slice.bytes)
    do throws(WireError) {
      while let (header, range) = try cursor.next() {
        let body = UnsafeRawBufferPointer(rebasing: slice.bytes[range].dropFirst(RecordHeader.size))
        guard header.type == .meta, header.sequence == 0, let link = try LinkMessage(body.bytes) else {
          continue
        }
        switch link {
        case .status(let status): answer = .success(status)
        case .refusal(let reason): fail("The log server refuses: \(reason).")
        default: break
        }
      }
    } catch {
      let isKeyWanted = AccessKey.isChallenge(slice.bytes)
      fail("\(address) is not a log server: \(isKeyWanted ? AccessError.keyWanted : "\(error)").")
    }
    stream.expectedCount = cursor.neededCount
    return cursor.offset
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    guard stream === self.stream else { return }
    self.stream = nil
    fail("The log server closed the connection: \(reason).")
  }
}
