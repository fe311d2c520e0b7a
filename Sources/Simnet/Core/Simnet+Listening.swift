import BitcoinWire
import Bytes
import EventLoop
import Glibc

extension Simnet {
  /// Listens at every node's address, all on one port.
  ///
  /// - Returns: the settings with the real port, and the listeners.
  static func listen(
    _ settings: SimnetSettings,
    on loop: EventLoop,
    _ acceptor: Acceptor,
    fail: @escaping (IOError) -> Void
  ) throws(IOError) -> (SimnetSettings, [Listener]) {
    // A port that is free at the first address may be taken at another: then the system shall choose anew.
    var attempts = settings.port == 0 ? 10 : 1
    while true {
      var settings = settings
      var listeners: [Listener] = []
      do throws(IOError) {
        for node in 0..<settings.nodeCount {
          let address = SocketAddress.ipv4(settings.base + UInt32(node), port: settings.port)
          let listener = try Listener(
            on: address,
            loop: loop,
            accept: { acceptor.accept($0, node, from: $1) },
            fail: fail
          )
          settings.port = listener.address.port
          listeners.append(listener)
        }
        return (settings, listeners)
      } catch {
        attempts -= 1
        guard attempts > 0, error.code == EADDRINUSE else { throw error }
      }
    }
  }
}

/// Passes connections on to the network, which does not exist yet when its listeners do.
final class Acceptor {
  weak var simnet: Simnet?

  func accept(_ descriptor: Int32, _ node: Int, from peer: SocketAddress) {
    if let simnet { simnet.accept(descriptor, node, from: peer) } else { Glibc.close(descriptor) }
  }
}
