import BitcoinWire
import Bytes
import EventLoop
import Foundation
import Glibc
import TestSupport

/// A peer of a node on the regression test network. It sends a test's messages, through `BitcoinWire` alone.
///
/// By itself it only answers pings. It requires that every received message is decoded to the last byte, and
/// encodes to the same bytes again.
final class WirePeer {
  /// Seconds to wait for anything.
  private static let patience = 30.0

  /// Received messages that were not used yet, in order.
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

  /// Accepts the connection that a node makes to us.
  ///
  /// - Parameter dial: makes the node dial an address and port.
  convenience init(at address: String, dialledBy dial: (String) throws -> Void) throws {
    let listener = WirePeer(descriptor: try Socket.listen(on: SocketAddress("\(address):0")!))
    try dial("\(address):\(Socket.localAddress(of: listener.descriptor).port)")
    try listener.ready(POLLIN, until: Self.deadline, "a connection")
    self.init(descriptor: accept(listener.descriptor, nil, nil))
  }

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Sends `version`, then the offers, then `verack`.
  ///
  /// - Returns: the messages received until the node had processed all of these.
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

  /// Sends messages.
  func send(_ messages: Message...) throws { try send(messages) }

  /// Sends a message with any command and payload.
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

  /// Messages that a node sends by itself, at any time.
  private static let unasked: Set<Command> = [
    .ping, .feefilter, .sendheaders, .sendcmpct, .getheaders, .getdata,
  ]

  /// Sends messages, and returns the messages received until the node has processed them. Messages that the
  /// node sends by itself stay in `received`.
  func answers(to messages: Message...) throws -> [Message] {
    let came = try exchange(messages)
    received = came.filter { Self.unasked.contains($0.command) }
    return came.filter { !Self.unasked.contains($0.command) }
  }

  /// Waits until the node has processed all messages. Received messages stay in `received`.
  func settle() throws { received = try exchange([]) }

  /// Sends messages, and returns all messages received until the node has processed them.
  private func exchange(_ messages: [Message]) throws -> [Message] {
    let nonce = UInt64.random(in: .min ... .max)
    try send(messages + [.ping(PingMessage(nonce: nonce))])
    let pong = Message.pong(PongMessage(nonce: nonce))
    while received.last != pong { try receive("the answer to \(messages.map(\.command))") }
    defer { received = [] }
    return received.dropLast()
  }

  /// Waits for the first message for which `choose` returns a value, and removes it from `received`.
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

  /// Reads until one more message has come.
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
