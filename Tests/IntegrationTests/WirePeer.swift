import BitcoinWire
import Bytes
import EventLoop
import Foundation
import Glibc
import TestSupport

/// A peer that says to a node of the regression test network what its test has it say, through `BitcoinWire` alone.
///
/// It answers pings and nothing else of itself. Whatever comes must be a message that is decoded, without a byte
/// left over, and encodes to the same bytes again.
final class WirePeer {
  /// How long to wait for anything, in s.
  private static let patience = 30.0

  /// What came and was not taken, in its order.
  private(set) var received: [Message] = []

  private let descriptor: Int32
  private let network = Network.regtest
  private var bytes: [UInt8] = []

  /// Dials a node.
  convenience init(to endpoint: String) throws {
    self.init(descriptor: try Socket.startConnect(to: SocketAddress(endpoint)!))
    try ready(POLLOUT, until: Self.deadline, "the connection")
    let outcome = Socket.outcome(of: descriptor)
    guard outcome == 0 else {
      throw Program.Failure(description: "connect: \(String(cString: strerror(outcome)))")
    }
  }

  /// Takes the connection that a node makes to us.
  ///
  /// - Parameter dial: has the node dial an address and port.
  convenience init(at address: String, dialledBy dial: (String) throws -> Void) throws {
    let listener = WirePeer(descriptor: try Socket.listen(on: SocketAddress("\(address):0")!))
    try dial("\(address):\(Socket.localAddress(of: listener.descriptor).port)")
    try listener.ready(POLLIN, until: Self.deadline, "a connection")
    self.init(descriptor: accept(listener.descriptor, nil, nil))
  }

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Says who we are, then what is offered, then `verack`.
  ///
  /// - Returns: what came until the node had understood all that.
  func shakeHands(version: Int32 = 70017, offering offers: [Message] = [.wtxidrelay, .sendaddrv2]) throws
    -> [Message]
  {
    let hello = VersionMessage(
      version: version,
      services: [.network, .witness],
      time: Int64(time(nil)),
      nonce: .random(in: 1 ... .max),
      userAgent: Array("/wire:1/".utf8),
      startHeight: 0,
      relay: true
    )
    return try exchange([.version(hello)] + offers + [.verack])
  }

  /// Says messages.
  func send(_ messages: Message...) throws { try send(messages) }

  /// Says anything.
  func send(_ command: Command, _ payload: [UInt8], checksum: UInt32? = nil) throws {
    var header = MessageHeader(magic: network.magic, command: command, payload: payload.span.bytes)
    if let checksum {
      header = MessageHeader(
        magic: header.magic,
        command: header.command,
        length: header.length,
        checksum: checksum
      )
    }
    var bytes: [UInt8] = []
    header.append(to: &bytes)
    try write(bytes + payload)
  }

  /// What a node says of its own accord, at any time.
  private static let unasked: Set<Command> = [
    .ping, .feefilter, .sendheaders, .sendcmpct, .getheaders, .getdata,
  ]

  /// Says messages, and takes what comes until the node has done what they ask for; what it says of its own accord
  /// stays.
  func answers(to messages: Message...) throws -> [Message] {
    let came = try exchange(messages)
    received = came.filter { Self.unasked.contains($0.command) }
    return came.filter { !Self.unasked.contains($0.command) }
  }

  /// Waits until the node has done all that it was asked for. What comes stays.
  func settle() throws { received = try exchange([]) }

  /// Says messages, and takes all that is there when the node has done what they ask for.
  private func exchange(_ messages: [Message]) throws -> [Message] {
    let nonce = UInt64.random(in: .min ... .max)
    try send(messages + [.ping(PingMessage(nonce: nonce))])
    let pong = Message.pong(PongMessage(nonce: nonce))
    while received.last != pong { try receive("the answer to \(messages.map(\.command))") }
    defer { received = [] }
    return received.dropLast()
  }

  /// Waits for the first message of which something can be made, and takes it out of what is received.
  func wait<Value>(for what: String, _ choose: (Message) throws -> Value?) throws -> Value {
    var looked = 0
    while true {
      while looked < received.count {
        if let value = try choose(received[looked]) {
          received.remove(at: looked)
          return value
        }
        looked += 1
      }
      try receive(what)
    }
  }

  private func send(_ messages: [Message]) throws { try write(messages.flatMap(network.frame)) }

  /// Reads until a message more is there.
  private func receive(_ what: String) throws {
    let deadline = Self.deadline
    while true {
      switch network.framer.next(in: bytes.span.bytes) {
      case .message(let header, let total, true):
        let message = bytes.prefix(total)
        bytes.removeFirst(total)
        try take(header.command, Array(message))
        return
      case .needMore: break
      case let status: throw Program.Failure(description: "\(status) while waiting for \(what)")
      }
      try ready(POLLIN, until: deadline, what)
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else {
        throw Program.Failure(
          description: "the node hung up; waited for \(what), had \(received.map(\.command))"
        )
      }
      bytes += chunk.prefix(count)
    }
  }

  private func take(_ command: Command, _ bytes: [UInt8]) throws {
    let decoded = try Message.decode(command, payload: bytes.span.bytes.extracting(MessageHeader.size...))
    guard decoded.trailing.isEmpty, network.frame(decoded.message) == bytes,
      Message.decodedCommands.contains(command)
    else { throw Program.Failure(description: "\(command) is not understood: \(Hexadecimal.text(bytes))") }
    received.append(decoded.message)
    if case .ping(let ping) = decoded.message, let nonce = ping.nonce {
      try send(.pong(PongMessage(nonce: nonce)))
    }
  }

  private func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    let deadline = Self.deadline
    while !rest.isEmpty {
      try ready(POLLOUT, until: deadline, "room to write")
      let count = rest.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Program.Failure(description: "the node hung up while we spoke") }
      rest = rest.dropFirst(count)
    }
  }

  private static var deadline: UInt64 { Clock.monotonic() + UInt64(patience * 1e9) }

  private func ready(_ events: Int32, until deadline: UInt64, _ what: String) throws {
    var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    let now = Clock.monotonic()
    guard now < deadline, poll(&entry, 1, Int32((deadline - now) / 1_000_000)) > 0 else {
      throw Program.Failure(
        description: "waited \(Self.patience) s for \(what), had \(received.map(\.command))"
      )
    }
  }
}
