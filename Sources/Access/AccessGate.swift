import Bytes
import EventLoop

/// Lets TCP clients in that prove the key: what listens on an address passes its new connections to it.
///
/// The server opens with 8 bytes of magic and 32 random bytes; the client answers with 32 random bytes of its own and
/// its proof; the server answers with its own proof, and the protocol begins. One whose proof is wrong is told
/// nothing, and its connection closed after a second, so that nobody guesses fast. Where very many connect and prove
/// nothing, the oldest of them make room: whoever knows the key proves it at once.
public final class AccessGate {
  private let key: AccessKey
  private let purpose: AccessKey.Purpose
  private let loop: EventLoop
  private let accept: (Int32, SocketAddress) -> Void
  private let refuse: (String) -> Void
  private var pending: [(exchange: Exchange, remote: SocketAddress)] = []

  /// Most connections that have not proven the key at a time; beyond, the oldest is closed.
  static let limit = 256

  /// Seconds in which the key must be proven.
  var timeout = 10.0

  /// Seconds after which a connection is closed whose proof was wrong.
  var delay = 1.0

  /// Creates a gate.
  ///
  /// - Parameters:
  ///   - accept: gets each connection that has proven the key; it owns the descriptor.
  ///   - refuse: gets a sentence about each that has not.
  public init(
    _ key: AccessKey,
    for purpose: AccessKey.Purpose,
    on loop: EventLoop,
    accept: @escaping (Int32, SocketAddress) -> Void,
    refuse: @escaping (String) -> Void
  ) {
    self.key = key
    self.purpose = purpose
    self.loop = loop
    self.accept = accept
    self.refuse = refuse
  }

  /// Takes a new connection, and challenges it.
  public func challenge(_ descriptor: Int32, from remote: SocketAddress) {
    var id: ObjectIdentifier?
    let exchange = Exchange(descriptor, timeout: timeout, on: loop) { [unowned self] error in
      if let id { forget(id) }
      refuse("\(remote) has not proven the key: \(error?.reason ?? "closed by the other end")")
    }
    id = ObjectIdentifier(exchange)
    if pending.count == Self.limit { evictOldest() }
    pending.append((exchange, remote))
    let random = AccessKey.random()
    exchange.receive(AccessKey.answerSize) { [unowned self, unowned exchange] in
      answered($0, to: random, exchange, from: remote)
    }
    exchange.send(AccessKey.magic + random)
  }

  private func forget(_ id: ObjectIdentifier) {
    pending.removeAll { ObjectIdentifier($0.exchange) == id }
  }

  private func evictOldest() {
    let oldest = pending.removeFirst()
    oldest.exchange.close()
    refuse("\(oldest.remote) makes room: \(Self.limit) connections have not proven the key")
  }

  private func answered(
    _ answer: [UInt8],
    to random: [UInt8],
    _ exchange: Exchange,
    from remote: SocketAddress
  ) {
    let client = Array(answer[..<AccessKey.size])
    let proof = key.clientProof(purpose, server: random, client: client)
    guard AccessKey.agree(proof, answer[AccessKey.size...]) else {
      refuse("\(remote) does not know the key")
      return exchange.close(after: delay) { [unowned self, unowned exchange] in
        forget(ObjectIdentifier(exchange))
      }
    }
    exchange.send(key.serverProof(purpose, server: random, client: client))
    // It may just have broken.
    guard exchange.descriptor >= 0 else { return }
    forget(ObjectIdentifier(exchange))
    accept(exchange.release(), remote)
  }
}
