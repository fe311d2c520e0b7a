import BitcoinWire
import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations

/// One connection's records in the file of all messages.
struct MessageTrail {
  /// Size in bytes of a message header.
  static let headerCount = MessageHeader.size

  private let truth: MessageTruth
  private let connection: UInt32
  private let event: ConnectionEvent
  private var unstamped: [UInt8] = []

  /// Creates the trail and records the start of the connection.
  ///
  /// - Parameters:
  ///   - node: the node's endpoint as the observer sees it.
  ///   - peer: the observer's endpoint.
  init(
    _ truth: MessageTruth,
    _ session: UInt64,
    at node: Endpoint,
    with peer: Endpoint,
    _ direction: Conversation.Direction
  ) {
    self.truth = truth
    connection = UInt32(truncatingIfNeeded: session)
    event =
      direction == .inbound
      ? ConnectionEvent(.accepted, .inbound, remote: peer, local: node)
      : ConnectionEvent(.connected, .outbound, remote: peer, local: node)
    truth.append(event, of: connection)
  }

  /// Queues whole messages that are about to be sent; returns their number.
  mutating func sent(_ messages: [UInt8]) -> Int {
    unstamped += messages
    return Self.count(of: messages)
  }

  /// Records the queued messages with the current time, right before they are handed to the kernel.
  mutating func stamp() {
    guard !unstamped.isEmpty else { return }
    let time = Clock.now()
    unstamped.withUnsafeBytes { bytes in
      Self.forEach(in: bytes) { truth.append(.sent, connection, $0, at: time) }
    }
    unstamped.removeAll(keepingCapacity: unstamped.count < 4096)
  }

  /// Records a received message.
  func received(_ message: UnsafeRawBufferPointer, at time: UInt64) {
    truth.append([], connection, message, at: time)
  }

  /// Records the end of the connection.
  func closed(for reason: CloseReason) {
    var event = event
    switch reason {
    case .endOfStream:
      event.code = .closedByPeer
      event.outcome = Outcome(.closedByPeer)
    case .closed(let text):
      event.code = .closedByUs
      event.outcome = Outcome(.unspecified, .text(text))
    case .readFailed(let error), .writeFailed(let error):
      let isReset = error.code == ECONNRESET || error.code == EPIPE
      event.code = isReset ? .resetByPeer : .failed
      let number = UInt32(bitPattern: error.code)
      event.outcome = Outcome(isReset ? .reset : .failed, errorNumber: number, .call(error.call))
    }
    truth.append(event, of: connection)
  }

  /// Number of messages in `bytes`, which stand one after another.
  static func count(of bytes: [UInt8]) -> Int {
    var count = 0
    bytes.withUnsafeBytes { forEach(in: $0) { _ in count += 1 } }
    return count
  }

  private static func forEach(in bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
    var offset = 0
    while offset + headerCount <= bytes.count {
      let length = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt32.self))
      let end = min(offset + headerCount + Int(length), bytes.count)
      body(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
      offset = end
    }
  }
}
