import Bytes
import EventLoop
import Glibc

/// Reads an exact number of bytes from a connected descriptor, and leaves the bytes after them unread.
final class Exchange {
  private let loop: EventLoop
  private(set) var descriptor: Int32
  private var watcher: DescriptorWatcher?
  private var timer: TimerWatcher?
  private var bytes: [UInt8] = []
  private var wanted = 0
  private var received: ([UInt8]) -> Void = { _ in }
  private let ended: (IOError?) -> Void

  /// Takes ownership of a descriptor.
  ///
  /// - Parameters:
  ///   - timeout: seconds until the exchange ends with `ETIMEDOUT`, at whatever stage it is.
  ///   - ended: called at most once, if the connection breaks (with nil if the other end closed it) or the
  ///     time is over. Not called after `release()` or `close()`.
  init(_ descriptor: Int32, timeout: Double, on loop: EventLoop, ended: @escaping (IOError?) -> Void) {
    self.descriptor = descriptor
    self.loop = loop
    self.ended = ended
    timer = TimerWatcher(on: loop) { [unowned self] in
      end(IOError("wait for the key's proof", code: ETIMEDOUT))
    }
    timer?.start(after: timeout)
    watcher = DescriptorWatcher(descriptor, on: loop) { [unowned self] _ in readSome() }
  }

  deinit { close() }

  /// Sends a few bytes. The buffer of a socket without earlier writes holds them all.
  func send(_ bytes: [UInt8]) {
    if write(descriptor, bytes, bytes.count) != bytes.count { end(IOError("send the key's proof")) }
  }

  /// Waits for exactly `count` bytes.
  func receive(_ count: Int, then received: @escaping ([UInt8]) -> Void) {
    bytes = []
    wanted = count
    self.received = received
    watcher?.watch(for: .readable)
  }

  /// Returns the descriptor; the caller owns it from now on.
  func release() -> Int32 {
    defer { descriptor = -1 }
    stop()
    return descriptor
  }

  /// Closes the descriptor without calling `ended`.
  func close() {
    stop()
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  /// Stops reading, and closes the descriptor after a delay without sending anything.
  func close(after seconds: Double, then: @escaping () -> Void) {
    watcher?.cancel()
    timer = TimerWatcher(on: loop) { [unowned self] in
      loop.retire(self)
      close()
      then()
    }
    timer?.start(after: seconds)
  }

  private func stop() {
    watcher?.cancel()
    timer?.cancel()
    received = { _ in }
  }

  private func end(_ error: IOError?) {
    guard descriptor >= 0 else { return }
    close()
    loop.retire(self)
    ended(error)
  }

  private func readSome() {
    var buffer = [UInt8](repeating: 0, count: wanted - bytes.count)
    let count = read(descriptor, &buffer, buffer.count)
    if count > 0 {
      bytes += buffer[..<count]
      guard bytes.count == wanted else { return }
      watcher?.watch(for: [])
      loop.retire(self)
      received(bytes)
    } else if count == 0 {
      end(nil)
    } else if errno != EAGAIN, errno != EINTR {
      end(IOError("receive the key's proof"))
    }
  }
}
