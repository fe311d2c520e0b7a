import Bytes
import EventLoop
import Glibc

/// A listener that accepts nobody: its backlog is full, so that the kernel answers no further connect.
final class BlackHole {
  /// The listening address. If port 0 was requested, it has the real port.
  let address: SocketAddress

  private let listener: Int32
  private let fillers: [Int32]

  /// Opens a black hole. It uses three descriptors until it is freed.
  init(at address: SocketAddress) throws(IOError) {
    let listener = try Socket.listen(on: address, backlog: 0)
    self.listener = listener
    self.address = Socket.localAddress(of: listener)
    // Linux queues one connection more than the backlog. The second filler is for kernels that queue another.
    var fillers: [Int32] = []
    do throws(IOError) {
      for _ in 0..<2 { fillers.append(try Socket.startConnect(to: self.address)) }
    } catch {
      for descriptor in fillers + [listener] { Glibc.close(descriptor) }
      throw error
    }
    self.fillers = fillers
  }

  deinit { for descriptor in fillers + [listener] { Glibc.close(descriptor) } }
}
