import BitcoinWire
import Bytes
import LogFiles
import LogProtocol
import Observations

extension ArchiveReport {
  /// One direction of one connection.
  struct Lane: Hashable {
    let source: UInt32
    let connection: UInt32
    let isSent: Bool
  }

  /// Counts a record; must be called in the order of the archive.
  mutating func note(_ header: RecordHeader, body: UnsafeRawBufferPointer, at place: LogPlace) {
    recordCount += 1
    let meta = header.type == .meta ? try? MetaBody(body.bytes) : nil
    let verdict = account.note(header, meta, at: place)
    if verdict == .duplicate { return }
    if verdict == .unnumbered {
      unnumberedCount += 1
      // A coinscope record has no number, but counts all the same.
      if header.type == .meta { return }
    }
    times = min(times?.lowerBound ?? .max, header.time)...max(times?.upperBound ?? 0, header.time)
    if header.type == .message {
      noteMessage(header, body)
    } else if header.type == .connection, let event = try? ConnectionEvent(body.bytes) {
      if event.code == .connected || event.code == .accepted { openedCount += 1 }
      guard event.code.endsConnection else { return }
      for isSent in [false, true] {
        latest[Lane(source: header.source, connection: header.connection, isSent: isSent)] = nil
      }
    }
  }

  private mutating func noteMessage(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) {
    let isSent = header.flags.contains(.sent)
    if let message = MessageHeader(peeking: body.bytes) {
      if isSent {
        traffic[message.command, default: Traffic()].sent += 1
      } else {
        traffic[message.command, default: Traffic()].received += 1
      }
    }
    if header.flags.contains(.wrongChecksum) { wrongChecksumCount += 1 }
    let lane = Lane(source: header.source, connection: header.connection, isSent: isSent)
    let former = latest.updateValue(header.time, forKey: lane) ?? 0
    if header.time < former { backwardsCount += 1 }
  }
}
