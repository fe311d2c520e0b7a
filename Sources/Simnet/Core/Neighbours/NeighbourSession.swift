import BitcoinWire
import Bytes
import EventLoop
import Glibc
import Observations

/// One connection between an unpleasant node and an observer: a socket for its misbehaviour.
final class NeighbourSession: ByteStreamHandler {
  /// Number of the session, unique in the network.
  let number: UInt64

  /// The node at our end.
  let node: Int

  /// The end that opened the connection.
  let direction: Conversation.Direction

  private unowned let simnet: Simnet
  private var misbehaviour: Misbehaviour
  private var stream: ByteStream?
  private var trail: MessageTrail?
  private var trickling: ArraySlice<UInt8> = []

  /// Unsent bytes from which on a flooder pauses.
  private static let maximumUnsent = 256 << 10

  /// Receive buffer in bytes of a node that never reads.
  private static let deafBuffer: Int32 = 4096

  /// Takes ownership of a connected descriptor.
  init(
    _ number: UInt64,
    _ node: Int,
    _ misbehaviour: Misbehaviour,
    _ direction: Conversation.Direction,
    descriptor: Int32,
    trail: MessageTrail?,
    simnet: Simnet
  ) {
    self.number = number
    self.node = node
    self.misbehaviour = misbehaviour
    self.direction = direction
    self.trail = trail
    self.simnet = simnet
    stream = ByteStream(descriptor, on: simnet.loop, handler: self)
  }

  /// Performs the first steps.
  func open() { perform(misbehaviour.open(at: simnet.now())) }

  /// Sends the next byte of a message that is sent one byte at a time.
  func trickle() {
    guard let byte = trickling.popFirst() else { return }
    stream?.write([byte])
  }

  /// Sends a flooder's next messages, unless too many bytes are unsent.
  func goOn() {
    guard let stream, stream.isOpen, stream.unsentCount < Self.maximumUnsent else { return }
    perform(misbehaviour.goOn(at: simnet.now()))
  }

  /// Closes the connection. Does nothing the second time.
  func close(_ reason: String) { stream?.close(.closed(reason)) }

  /// Resets the connection and drops the unsent bytes. Does nothing the second time.
  func reset(_ reason: String) {
    guard let stream, stream.isOpen else { return }
    var value = linger(l_onoff: 1, l_linger: 0)
    setsockopt(stream.descriptor, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    close(reason)
  }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var consumed = 0
    let bytes = slice.bytes
    while stream.isOpen, !stream.isPaused {
      switch simnet.framer.next(in: UnsafeRawBufferPointer(rebasing: bytes[consumed...])) {
      case .needMore(let total):
        stream.expectedCount = total
        return consumed
      case .violation(let violation):
        close(violation.description)
      case .message(let header, let total, _):
        let message = UnsafeRawBufferPointer(rebasing: bytes[consumed..<(consumed + total)])
        consumed += total
        simnet.statistics.received += 1
        trail?.received(message, at: time)
        perform(misbehaviour.receive(header.command, Array(message[MessageHeader.size...]), at: simnet.now()))
      }
    }
    return consumed
  }

  func streamWillFlush(_ stream: ByteStream) { trail?.stamp() }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    trail?.closed(for: reason)
    simnet.neighbourhood.ended(self, for: reason.description)
  }

  private func perform(_ steps: [Misbehaviour.Step]) {
    for step in steps {
      guard let stream, stream.isOpen else { return }
      switch step {
      case .send(let bytes):
        simnet.statistics.sent += trail?.sent(bytes) ?? MessageTrail.count(of: bytes)
        stream.write(bytes)
      case .raw(let bytes): stream.write(bytes)
      case .trickle(let bytes): trickling = bytes[...]
      case .deafen:
        var size = Self.deafBuffer
        setsockopt(stream.descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        stream.pause()
      case .close(let reason): close(reason)
      case .reset(let reason):
        stream.flush()
        reset(reason)
      }
    }
  }
}
