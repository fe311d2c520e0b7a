import BitcoinWire
import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations

/// What one connection leaves in the file of all messages.
struct MessageTrail {
  /// Bytes of a message before its payload.
  static let headerCount = MessageHeader.size

  private let truth: MessageTruth
  private let connection: UInt32
  private let event: ConnectionEvent
  private var unstamped: [UInt8] = []

  /// Begins with the connection.
  ///
  /// - Parameters:
  ///   - node: where the observer believes the node to be, or sees it come from.
  ///   - peer: the observer's end.
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

  /// Takes in messages, whole and one after another, that are about to be sent; returns how many they are.
  mutating func sent(_ messages: [UInt8]) -> Int {
    unstamped += messages
    return Self.count(of: messages)
  }

  /// Takes in that what was written is about to be handed to the kernel.
  mutating func stamp() {
    guard !unstamped.isEmpty else { return }
    let time = Clock.now()
    unstamped.withUnsafeBytes { bytes in
      Self.forEach(in: bytes) { truth.append(.sent, connection, $0, at: time) }
    }
    unstamped.removeAll(keepingCapacity: unstamped.count < 4096)
  }

  /// Takes in a message that was received.
  func received(_ message: UnsafeRawBufferPointer, at time: UInt64) {
    truth.append([], connection, message, at: time)
  }

  /// Takes in that the connection has ended.
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

  /// How many messages stand one after another in `bytes`.
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
