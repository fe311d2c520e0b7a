import BitcoinWire
import Bytes
import EventLoop
import Glibc

@testable import SimnetCore

/// A client that keeps every received byte, message or not, and the outcome and end of its connection.
final class Stranger: ByteStreamHandler {
  private(set) var bytes: [UInt8] = []
  private(set) var closeReason: CloseReason?
  private(set) var connectError: IOError?
  private(set) var stream: ByteStream?
  private var attempt: ConnectAttempt?

  /// Connects to an address.
  init(to address: SocketAddress, timeout: Double = 5, on loop: EventLoop) {
    attempt = ConnectAttempt(to: address, timeout: timeout, loop: loop) { [unowned self] in
      switch $0 {
      case .success(let descriptor): stream = ByteStream(descriptor, on: loop, handler: self)
      case .failure(let error): connectError = error
      }
    }
  }

  /// Connects to a node.
  convenience init(to endpoint: Endpoint, timeout: Double = 5, on loop: EventLoop) {
    guard case .ipv4(let address) = endpoint.address else { preconditionFailure("a node has IPv4") }
    self.init(to: .ipv4(address, port: endpoint.port), timeout: timeout, on: loop)
  }

  func send(_ messages: Message...) {
    for message in messages { stream?.write(Network.simnet.frame(message)) }
  }

  func send(_ text: String) { stream?.write(Array(text.utf8)) }

  /// All received bytes as text.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Headers of the whole messages at the start of the bytes.
  var headers: [MessageHeader] { frames.map(\.header) }

  /// Those messages' headers and payloads.
  var frames: [(header: MessageHeader, payload: [UInt8])] {
    var frames: [(MessageHeader, [UInt8])] = []
    var rest = bytes[...]
    while rest.count >= MessageHeader.size {
      let header = Self.header(Array(rest.prefix(MessageHeader.size)))
      guard header.magic == Network.simnet.magic, rest.count >= header.totalLength else { break }
      frames.append((header, Array(rest.dropFirst(MessageHeader.size).prefix(Int(header.length)))))
      rest = rest.dropFirst(header.totalLength)
    }
    return frames
  }

  /// The header at the start of `bytes`, which must hold a whole one.
  static func header(_ bytes: [UInt8]) -> MessageHeader { MessageHeader(peeking: bytes.span.bytes)! }

  /// The bytes after those messages.
  var rest: [UInt8] { Array(bytes.dropFirst(headers.reduce(0) { $0 + $1.totalLength })) }

  /// Drops the first `count` bytes, before a conversation that begins on the same connection.
  func forget(_ count: Int) { bytes.removeFirst(count) }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    bytes += slice.bytes
    return slice.bytes.count
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) { closeReason = reason }
}
