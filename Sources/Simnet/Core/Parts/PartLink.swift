import BitcoinWire
import Bytes
import EventLoop
import Glibc

/// Connects the processes of one network. The first listens on a unix socket, the others connect to it, and
/// it forwards each message to all the rest.
final class PartLink {
  /// The start of the network, common to all parts.
  struct Beginning: Equatable {
    /// Wall clock, in ns since the Unix epoch.
    var wall: UInt64
    /// Monotonic clock, in ns, common to all processes of a machine.
    var monotonic: UInt64
    /// The port of all nodes.
    var port: UInt16
  }

  /// Delay in ns from an injection in one part until it takes effect in all parts. By then all have received
  /// it.
  static let delay: UInt64 = 50_000_000

  /// Seconds that the other parts wait for the first.
  static let patience = 20.0

  private unowned let simnet: Simnet
  private var listener: Listener?
  private var members: [PartMember] = []

  /// Listens, as the first part.
  init(at path: String, of simnet: Simnet, _ beginning: Beginning) throws(IOError) {
    self.simnet = simnet
    let hello = PartMessage.hello(
      wall: beginning.wall,
      monotonic: beginning.monotonic,
      port: beginning.port,
      digest: simnet.settings.digest
    )
    listener = try Listener(
      on: .unix(path),
      loop: simnet.loop,
      accept: { [unowned self] descriptor, _ in
        let member = PartMember(descriptor, of: self, on: self.simnet.loop)
        members.append(member)
        member.send(hello)
      },
      fail: { [unowned self] in self.simnet.log.warning("\($0)") }
    )
  }

  /// Uses a connection to the first part.
  init(over descriptor: Int32, of simnet: Simnet) {
    self.simnet = simnet
    members = [PartMember(descriptor, of: self, on: simnet.loop)]
  }

  /// Number of other processes connected.
  var memberCount: Int { members.count }

  /// Sends a message to all other parts.
  func tell(_ message: PartMessage) { for member in members { member.send(message) } }

  /// Closes all connections.
  func close() {
    listener?.close()
    for member in members { member.close() }
  }

  fileprivate func received(_ message: PartMessage, from sender: PartMember) {
    switch message {
    case .hello: return
    case .injected(let time, let node, let transaction):
      simnet.inject(.transaction(transaction), at: Int(node), time: time)
    case .heard(let time, let node, let told): simnet.inject(.addresses(told), at: Int(node), time: time)
    }
    for member in members where member !== sender { member.send(message) }
  }

  fileprivate func lost(_ member: PartMember, _ reason: CloseReason) {
    members.removeAll { $0 === member }
    simnet.log.warning("lost another part of the network: \(reason)")
  }

  /// Connects to the first part and waits for its hello. Blocks for up to `patience` seconds.
  ///
  /// - Throws: `IOError`; EINVAL if the other part's settings differ.
  static func join(
    _ path: String,
    digest: UInt64,
    patience: Double = patience
  ) throws(IOError) -> (descriptor: Int32, Beginning) {
    let deadline = Clock.monotonic() + UInt64(patience * 1e9)
    while true {
      do throws(IOError) {
        let descriptor = try Socket.startConnect(to: .unix(path))
        do throws(IOError) { return (descriptor, try greet(descriptor, digest, until: deadline)) } catch {
          Glibc.close(descriptor)
          throw error
        }
      } catch {
        // The first part may not listen yet.
        guard [ENOENT, ECONNREFUSED, EAGAIN].contains(error.code), Clock.monotonic() < deadline else {
          throw error
        }
        usleep(10_000)
      }
    }
  }

  private static func greet(
    _ descriptor: Int32,
    _ digest: UInt64,
    until deadline: UInt64
  ) throws(IOError) -> Beginning {
    let count = 4 + 1 + 8 + 8 + 2 + 8
    var bytes: [UInt8] = []
    while bytes.count < count {
      let now = Clock.monotonic()
      guard now < deadline else { throw IOError("wait for the first part", code: ETIMEDOUT) }
      var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      _ = Glibc.poll(&poll, 1, Int32((deadline - now) / 1_000_000) + 1)
      var space = [UInt8](repeating: 0, count: count - bytes.count)
      let received = recv(descriptor, &space, space.count, 0)
      if received < 0, errno == EAGAIN || errno == EINTR { continue }
      guard received > 0 else {
        throw IOError("read from the first part", code: received < 0 ? errno : EPIPE)
      }
      bytes += space.prefix(received)
    }
    guard case .hello(let wall, let monotonic, let port, let theirs)? = try? PartMessage(bytes.span.bytes)
    else { throw IOError("decode the hello of the first part", code: EPROTO) }
    guard theirs == digest else {
      throw IOError("join a network with different settings", code: EINVAL)
    }
    return Beginning(wall: wall, monotonic: monotonic, port: port)
  }
}

/// A connection to another process of the network.
private final class PartMember: ByteStreamHandler {
  private unowned let link: PartLink
  private var stream: ByteStream?

  init(_ descriptor: Int32, of link: PartLink, on loop: EventLoop) {
    self.link = link
    stream = ByteStream(descriptor, on: loop, handler: self)
  }

  func send(_ message: PartMessage) { stream?.write(message.bytes) }

  func close() { stream?.close(.closed("the network stopped")) }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var consumed = 0
    let bytes = slice.bytes
    do throws(WireError) {
      while stream.isOpen {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[consumed...])
        guard let count = try PartMessage.count(in: rest), rest.count >= count else { break }
        let message = try PartMessage(UnsafeRawBufferPointer(rebasing: rest[..<count]).bytes)
        consumed += count
        link.received(message, from: self)
      }
    } catch {
      stream.close(.closed("\(error)"))
    }
    return consumed
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) { link.lost(self, reason) }
}
