import Bytes
import EventLoop
import Glibc

/// A listener that nobody gets through to: its backlog is full, so that the kernel answers no connect any more.
final class BlackHole {
  /// Where it is; the port is the real one where 0 was asked for.
  let address: SocketAddress

  private let listener: Int32
  private let fillers: [Int32]

  /// Opens a black hole, which costs three descriptors until it is closed.
  init(at address: SocketAddress) throws(IOError) {
    let listener = try Socket.listen(on: address, backlog: 0)
    self.listener = listener
    self.address = Socket.localAddress(of: listener)
    // Linux keeps one connection more than it is told; the second is for kernels that keep another.
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
