import Bytes
import Glibc

/// One outbound connect in progress.
public final class ConnectAttempt {
  private let loop: EventLoop
  private var descriptor: Int32
  private var watcher: DescriptorWatcher?
  private var timer: TimerWatcher?
  private var again: TimerWatcher?
  private let address: SocketAddress
  private let finish: (Result<Int32, IOError>) -> Void

  /// Starts to connect.
  ///
  /// - Parameters:
  ///   - local: the address to bind first; nil for the system's choice.
  ///   - timeout: seconds until the attempt fails with `ETIMEDOUT`.
  ///   - finish: called exactly once unless cancelled, never from within this initialiser. It gets and then
  ///     owns the connected descriptor, or gets the error.
  public init(
    to address: SocketAddress,
    from local: SocketAddress? = nil,
    timeout: Double,
    loop: EventLoop,
    finish: @escaping (Result<Int32, IOError>) -> Void
  ) {
    self.loop = loop
    self.address = address
    self.finish = finish
    descriptor = -1
    timer = TimerWatcher(on: loop) { [unowned self] in end(with: timeoutError) }
    timer?.start(after: timeout)
    start(from: local)
  }

  private func start(from local: SocketAddress?) {
    do throws(IOError) {
      descriptor = try Socket.startConnect(to: address, from: local)
      watcher = DescriptorWatcher(descriptor, on: loop) { [unowned self] _ in connected() }
      watcher?.watch(for: .writable)
    } catch {
      timeoutError = error
      guard error.code == EAGAIN, case .unix = address else {
        timer?.start(after: 0)
        return
      }
      // The unix listener's backlog is full: retry until it has accepted other clients.
      if again == nil { again = TimerWatcher(on: loop) { [unowned self] in start(from: local) } }
      again?.start(after: 0.01)
    }
  }

  deinit { cancel() }

  /// The error to report when the timer ends the attempt.
  private lazy var timeoutError = IOError("connect to \(address)", call: .connect, code: ETIMEDOUT)

  /// Ends the attempt without a report.
  public func cancel() {
    watcher?.cancel()
    timer?.cancel()
    again?.cancel()
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  private func connected() {
    let code = Socket.outcome(of: descriptor)
    guard code == 0 else { return end(with: IOError("connect to \(address)", call: .connect, code: code)) }
    let connected = descriptor
    descriptor = -1
    watcher?.cancel()
    timer?.cancel()
    loop.retire(self)
    finish(.success(connected))
  }

  private func end(with error: IOError) {
    cancel()
    loop.retire(self)
    finish(.failure(error))
  }
}
