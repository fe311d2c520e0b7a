import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Glibc
import LogProtocol
import Observations

// Input from the peer, or from the proxy before the peer, and the end of the connection.
extension PeerConnection: ByteStreamHandler {
  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    lastReceived = Clock.monotonic()
    let bytes = slice.bytes
    // A local reference: otherwise each use would be retained and released for each message.
    let connector = connector
    let framer = connector.framer
    var offset = proxy == nil ? 0 : hear(bytes, of: stream)
    guard proxy == nil else { return offset }
    // Time stamps of one direction of a connection never decrease, even if the clock was set back.
    let stamp = max(time, lastTime)
    let before = messagesReceived
    defer { stream.charge(Int(messagesReceived - before) * ReadGate.messageCost) }
    while stream.isOpen, isLive, offset < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      switch framer.next(in: rest) {
      case .needMore(let total):
        stream.expectedCount = total
        if offset > 0 || partialSince == nil { partialSince = lastReceived }
        // A short rest is kept in memory of its own size, a long one in the chunk that it was read into.
        let rest = bytes.count - offset
        partialCount = rest > ByteStream.parkingLimit ? slice.chunk.capacity : rest
        countMemory()
        connector.limits.enforce()
        return offset
      case .message(let header, let total, let checksumValid):
        let message = UnsafeRawBufferPointer(rebasing: rest[..<total])
        var flags: RecordFlags = checksumValid ? [] : .wrongChecksum
        // The kernel stamps the last segment read. Only a message that ends with it arrived at that time.
        if offset + total < bytes.count || stamp != time { flags.insert(.upperBound) }
        connector.journal(message: message, of: id, flags: flags, at: stamp)
        lastTime = stamp
        connector.noteReceived(bytes: total)
        offset += total
        received(header, message, checksumValid: checksumValid)
      case .violation(let violation):
        end(.closedByUs, Outcome(violation), evidence: evidence(rest))
      }
    }
    stream.expectedCount = 0
    partialSince = nil
    partialCount = 0
    countMemory()
    connector.limits.enforce()
    return offset
  }

  func streamDidDrain(_ stream: ByteStream) {
    countMemory()
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    guard stream === self.stream else { return }
    guard proxy == nil else { return connectFailed(Outcome(ofProxy: reason)) }
    if ending == nil {
      let code: ConnectionEvent.Code =
        switch reason {
        case .endOfStream: .closedByPeer
        case .readFailed(let error): error.code == ECONNRESET ? .resetByPeer : .failed
        case .writeFailed: .writeFailed
        case .closed: .closedByUs
        }
      ending = PeerEnding(code, Outcome(reason, hasVersion: handshake.peer != nil))
      setState(.closing)
    }
    guard let ending else { return }
    publish(event(ending.code, duration: 0))
    tell(.closed(id, ending.outcome))
    connector.ended(self)
  }
}
