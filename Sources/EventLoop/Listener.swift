import Bytes
import CLibEV
import Glibc

/// Accepts connections on a listening socket.
public final class Listener {
  /// The listening address. If port 0 was requested, it has the real port.
  public let address: SocketAddress

  private var descriptor: Int32
  private var watcher: DescriptorWatcher?
  private var resume: TimerWatcher?
  /// Whether accepting has failed since it last succeeded.
  private var isStuck = false

  /// Starts to listen and accept.
  ///
  /// - Parameters:
  ///   - accept: gets each new connection's descriptor, which it then owns, and its remote address.
  ///   - fail: gets the error that makes accepting impossible for now (no descriptors left), once until
  ///     accepting succeeds again. Meanwhile the listener retries each second, and connections wait in the
  ///     backlog.
  public init(
    on address: SocketAddress,
    backlog: Int32 = 128,
    mode: mode_t = 0o660,
    group: gid_t? = nil,
    loop: EventLoop,
    accept: @escaping (Int32, SocketAddress) -> Void,
    fail: @escaping (IOError) -> Void
  ) throws(IOError) {
    let descriptor = try Socket.listen(on: address, backlog: backlog, mode: mode, group: group)
    self.descriptor = descriptor
    if case .unix = address {
      self.address = address
    } else {
      self.address = Socket.localAddress(of: descriptor)
    }
    resume = TimerWatcher(on: loop) { [unowned self] in watcher?.watch(for: .readable) }
    watcher = DescriptorWatcher(descriptor, on: loop) { [unowned self] _ in
      acceptSome(accept: accept, fail: fail)
    }
    watcher?.watch(for: .readable)
  }

  deinit { close() }

  /// Stops listening; removes a unix socket's file. Does nothing the second time.
  public func close() {
    guard descriptor >= 0 else { return }
    watcher?.cancel()
    resume?.cancel()
    Glibc.close(descriptor)
    descriptor = -1
    if case .unix(let path) = address { unlink(path) }
  }

  /// Accepts at most 64 connections a batch, so that a flood of them leaves time for the established ones.
  private func acceptSome(accept: (Int32, SocketAddress) -> Void, fail: (IOError) -> Void) {
    for _ in 0..<64 {
      guard descriptor >= 0 else { return }
      var accepted: Int32 = -1
      let remote = SocketAddress {
        accepted = netmine_accept(descriptor, $0, $1)
      }
      if accepted >= 0 {
        isStuck = false
        accept(accepted, remote)
        continue
      }
      switch errno {
      case EAGAIN, EWOULDBLOCK: return
      case EINTR, ECONNABORTED, EPROTO: continue
      default:
        let error = IOError("accept on \(address)")
        watcher?.watch(for: [])
        resume?.start(after: 1)
        if !isStuck { fail(error) }
        isStuck = true
        return
      }
    }
  }
}
