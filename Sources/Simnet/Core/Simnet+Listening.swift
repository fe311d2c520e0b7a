import BitcoinWire
import Bytes
import EventLoop
import Glibc

extension Simnet {
  /// Listens at the address of every node that this process serves, except `refused` nodes, all on one port.
  ///
  /// - Returns: the settings with the real port, the listeners, and the black holes.
  static func listen(
    _ settings: SimnetSettings,
    _ kinds: [Neighbour?],
    on loop: EventLoop,
    _ acceptor: Acceptor,
    fail: @escaping (IOError) -> Void
  ) throws(IOError) -> (SimnetSettings, [Listener], [BlackHole]) {
    // A port that is free at the first address may be in use at another: then let the system choose again.
    var attempts = settings.port == 0 ? 10 : 1
    while true {
      var settings = settings
      var listeners: [Listener] = []
      var blackHoles: [BlackHole] = []
      do throws(IOError) {
        for node in 0..<settings.nodeCount {
          let address = SocketAddress.ipv4(settings.base + UInt32(node), port: settings.port)
          guard settings.part.serves(node) else { continue }
          if kinds[node] == .refused {
            if settings.port == 0 { settings.port = try freePort(at: address) }
            continue
          }
          if kinds[node] == .blackHole {
            let hole = try BlackHole(at: address)
            settings.port = hole.address.port
            blackHoles.append(hole)
            continue
          }
          let listener = try Listener(
            on: address,
            loop: loop,
            accept: { acceptor.accept($0, node, from: $1) },
            fail: fail
          )
          settings.port = listener.address.port
          listeners.append(listener)
        }
        return (settings, listeners, blackHoles)
      } catch {
        attempts -= 1
        guard attempts > 0, error.code == EADDRINUSE else { throw error }
      }
    }
  }

  /// A port that is free at an address.
  private static func freePort(at address: SocketAddress) throws(IOError) -> UInt16 {
    let descriptor = try Socket.listen(on: address)
    defer { Glibc.close(descriptor) }
    return Socket.localAddress(of: descriptor).port
  }
}

/// Passes connections on to the network, which is created after its listeners.
final class Acceptor {
  weak var simnet: Simnet?

  func accept(_ descriptor: Int32, _ node: Int, from peer: SocketAddress) {
    if let simnet { simnet.accept(descriptor, node, from: peer) } else { Glibc.close(descriptor) }
  }
}
