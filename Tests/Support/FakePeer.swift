import BitcoinWire
import Bytes
import EventLoop
import Glibc
import Synchronization

/// A peer that listens on loopback and does what a script says in each of its connections.
///
/// Scripts block, so each connection has a thread of its own.
public final class FakePeer: Sendable {
  /// What a script throws when its connection is closed by the other end.
  public struct HungUp: Error {}

  /// A connection after its handshake.
  public final class Session {
    /// The number of the connection, from 1.
    public let number: Int

    private let descriptor: Int32
    private let network: Network
    private var bytes: [UInt8] = []

    init(_ descriptor: Int32, _ number: Int, _ network: Network) {
      self.descriptor = descriptor
      self.number = number
      self.network = network
    }

    /// Waits for a message; others are skipped.
    public func expect(_ command: Command) throws {
      while try receive() != command {}
    }

    /// Sends a message.
    public func send(_ message: Message) throws {
      var rest = network.frame(message)[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { throw HungUp() }
        rest = rest.dropFirst(count)
      }
    }

    /// Sends addresses in one `addr` message.
    public func tell(_ endpoints: some Sequence<Endpoint>) throws {
      let now = UInt32(clamping: Clock.now() / 1_000_000_000)
      let nodes = endpoints.map { KnownNode(time: now, services: .network, endpoint: $0) }
      try send(.addr(AddrMessage(nodes: nodes)))
    }

    /// Waits until the other end closes the connection.
    public func waitForEnd() throws {
      while true { _ = try receive() }
    }

    func shakeHands() throws {
      let hello = VersionMessage(
        version: 70015,
        services: .network,
        time: Int64(Clock.now() / 1_000_000_000),
        nonce: .random(in: 1 ... .max),
        userAgent: Array("/fake:1/".utf8),
        startHeight: 0,
        relay: true
      )
      try expect(.version)
      try send(.version(hello))
      try send(.verack)
      try expect(.verack)
    }

    private func receive() throws -> Command {
      while true {
        if case .message(let header, let total, _) = network.framer.next(in: bytes.span.bytes) {
          bytes.removeFirst(total)
          return header.command
        }
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { throw HungUp() }
        bytes += chunk.prefix(count)
      }
    }
  }

  /// Where it listens.
  public let endpoint: Endpoint

  private let listener: Int32
  private let accepted = Atomic(0)

  /// The number of connections so far.
  public var connectionCount: Int { accepted.load(ordering: .sequentiallyConsistent) }

  /// Listens at an address of 127.0.0.0/8, at a free port.
  ///
  /// - Parameter script: what it does after each handshake. The connection is closed when the script ends.
  public init(
    at address: String,
    on network: Network = .simnet,
    script: @escaping @Sendable (Session) throws -> Void
  ) throws {
    let descriptor = try Socket.listen(on: SocketAddress("\(address):0")!)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
    listener = descriptor
    endpoint = Endpoint("\(address):\(Socket.localAddress(of: descriptor).port)")!
    Self.thread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        let number = accepted.add(1, ordering: .sequentiallyConsistent).newValue
        Self.thread {
          let session = Session(connection, number, network)
          // The other end may close the connection at any time.
          try? session.shakeHands()
          try? script(session)
          close(connection)
        }
      }
    }
  }

  deinit { close(listener) }

  /// Stops listening. Connections end with their scripts.
  public func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private static func thread(_ body: @escaping @Sendable () -> Void) {
    var id = pthread_t()
    let box = Unmanaged.passRetained(Box(body))
    pthread_create(
      &id,
      nil,
      { pointer in
        Unmanaged<Box>.fromOpaque(pointer!).takeRetainedValue().body()
        return nil
      },
      box.toOpaque()
    )
    pthread_detach(id)
  }

  private final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}

// The behaviours of real peers, each named after the bug report that it stands for.
extension FakePeer {
  /// Answers `getaddr` and closes at once, as older seeders and small nodes do.
  public static func answersAndCloses(at address: String, with endpoints: [Endpoint]) throws -> FakePeer {
    try FakePeer(at: address) { session in
      try session.expect(.getaddr)
      try session.tell(endpoints)
    }
  }

  /// Closes its first connection at `getaddr`, as a node that evicts or restarts, and answers in later ones.
  public static func dropsTheFirstGetaddr(at address: String, with endpoints: [Endpoint]) throws -> FakePeer {
    try FakePeer(at: address) { session in
      try session.expect(.getaddr)
      guard session.number > 1 else { return }
      try session.tell(endpoints)
      try session.waitForEnd()
    }
  }

  /// Announces another address of its own first, as a node behind NAT does, and answers a little later.
  public static func announcesAnotherAddress(
    _ other: Endpoint,
    at address: String,
    with endpoints: [Endpoint]
  ) throws -> FakePeer {
    try FakePeer(at: address) { session in
      try session.tell([other])
      try session.expect(.getaddr)
      try session.tell([other])
      usleep(500_000)
      try session.tell(endpoints)
      try session.waitForEnd()
    }
  }

  /// Answers in several messages, with pauses, as code without a limit per message does.
  public static func answersInParts(at address: String, _ parts: [[Endpoint]]) throws -> FakePeer {
    try FakePeer(at: address) { session in
      try session.expect(.getaddr)
      for part in parts {
        try session.tell(part)
        usleep(300_000)
      }
      try session.waitForEnd()
    }
  }
}
