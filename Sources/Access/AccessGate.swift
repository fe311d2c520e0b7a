import Bytes
import EventLoop

/// Admits TCP clients that prove the key. The listener of an address passes its new connections to the gate.
///
/// The server starts with 8 bytes of magic and 32 random bytes. The client answers with its own 32 random
/// bytes and its proof. The server answers with its own proof, and the protocol starts. After a wrong proof
/// the server sends nothing and closes the connection after a second, so that nobody can guess fast. If too
/// many connections have not proven the key, the oldest is closed: a client with the key proves it at once.
public final class AccessGate {
  private let key: AccessKey
  private let purpose: AccessKey.Purpose
  private let loop: EventLoop
  private let accept: (Int32, SocketAddress) -> Void
  private let refuse: (String) -> Void
  private var pending: [(exchange: Exchange, remote: SocketAddress)] = []

  /// The most connections without a proof at a time. One more closes the oldest.
  static let limit = 256

  /// Seconds that a client has to prove the key.
  var timeout = 10.0

  /// Seconds from a wrong proof to the close of the connection.
  var delay = 1.0

  /// Creates a gate.
  ///
  /// - Parameters:
  ///   - accept: gets each connection that has proven the key, and owns the descriptor.
  ///   - refuse: gets a log message about each connection that has not.
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

  /// Challenges a new connection. The gate owns the descriptor.
  public func challenge(_ descriptor: Int32, from remote: SocketAddress) {
    var id: ObjectIdentifier?
    let exchange = Exchange(descriptor, timeout: timeout, on: loop) { [unowned self] error in
      if let id { forget(id) }
      refuse("\(remote) did not prove the key: \(error?.reason ?? "closed by the other end")")
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
    refuse("\(oldest.remote) closed to make room: \(Self.limit) connections have not proven the key")
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
    // The connection may just have broken.
    guard exchange.descriptor >= 0 else { return }
    forget(ObjectIdentifier(exchange))
    accept(exchange.release(), remote)
  }
}
