import Bytes
import EventLoop
import Glibc

/// One attempt to connect to a server. On TCP and with a key, it includes the proof of the key.
public final class AccessAttempt {
  private let address: SocketAddress
  private let key: AccessKey?
  private let purpose: AccessKey.Purpose
  private let timeout: Double
  private let loop: EventLoop
  private let finish: (Result<Int32, AccessError>) -> Void
  private var attempt: ConnectAttempt?
  private var exchange: Exchange?

  /// Starts to connect.
  ///
  /// - Parameters:
  ///   - key: the key to prove to a server on TCP; nil if none is configured.
  ///   - timeout: the limit in seconds for the connect, and again for the proof.
  ///   - finish: called exactly once unless cancelled, never within this initialiser. It gets the connected
  ///     descriptor and owns it, or it gets the error.
  public init(
    to address: SocketAddress,
    key: AccessKey?,
    for purpose: AccessKey.Purpose,
    timeout: Double,
    on loop: EventLoop,
    finish: @escaping (Result<Int32, AccessError>) -> Void
  ) {
    self.address = address
    self.key = key
    self.purpose = purpose
    self.timeout = timeout
    self.loop = loop
    self.finish = finish
    attempt = ConnectAttempt(to: address, timeout: timeout, loop: loop) { [unowned self] result in
      attempt = nil
      switch result {
      case .failure(let error): finish(.failure(.failed(error)))
      case .success(let descriptor): connected(descriptor)
      }
    }
  }

  /// Abandons the attempt; `finish` is not called.
  public func cancel() {
    attempt?.cancel()
    attempt = nil
    exchange?.close()
    exchange = nil
  }

  private func connected(_ descriptor: Int32) {
    if case .unix = address { return finish(.success(descriptor)) }
    guard let key else { return finish(.success(descriptor)) }
    var isChallenged = false
    let exchange = Exchange(descriptor, timeout: timeout, on: loop) { [unowned self] error in
      if let error, error.code != ETIMEDOUT { return finish(.failure(.failed(error))) }
      finish(.failure(isChallenged ? .refused(address) : .notAsked(address)))
    }
    self.exchange = exchange
    exchange.receive(AccessKey.challengeSize) { [unowned self] challenge in
      guard challenge.withUnsafeBytes(AccessKey.isChallenge) else {
        exchange.close()
        return finish(.failure(.notAsked(address)))
      }
      isChallenged = true
      let server = Array(challenge.dropFirst(AccessKey.magic.count))
      let client = AccessKey.random()
      exchange.receive(AccessKey.size) { [unowned self] proof in
        guard AccessKey.agree(key.serverProof(purpose, server: server, client: client), proof) else {
          exchange.close()
          return finish(.failure(.unproven(address)))
        }
        finish(.success(exchange.release()))
      }
      exchange.send(client + key.clientProof(purpose, server: server, client: client))
    }
  }
}
