import BitcoinWire
import Bytes
import LogProtocol

extension ArchiveReport {
  /// What is known of one instance of a source.
  struct Entry {
    var id: UInt32
    var kind = ""
    var name = ""
    var byteCount: UInt64 = 0
    var account: SequenceAccount

    func source(_ instance: UInt64) -> Source {
      let missing = account.missing()
      return Source(
        id: id,
        instance: instance,
        kind: kind,
        name: name,
        firstSequence: account.first,
        lastSequence: account.last,
        recordCount: account.recordCount,
        byteCount: byteCount,
        duplicateCount: account.duplicateCount,
        beforeArchiveCount: missing.beforeArchive,
        explainedCount: missing.explained,
        unexplainedCount: missing.unexplained
      )
    }
  }

  /// One direction of one connection.
  struct Lane: Hashable {
    let source: UInt32
    let connection: UInt32
    let isSent: Bool
  }

  /// Takes in a record, in the order in which they were written.
  ///
  /// - Parameter body: the record's body.
  public mutating func note(_ header: RecordHeader, body: UnsafeRawBufferPointer) {
    recordCount += 1
    if header.sequence > 0 {
      let instance = instance(of: header.source)
      guard entries[instance]!.account.note(header.sequence) else { return }
      entries[instance]!.byteCount += UInt64(header.recordCount)
    } else {
      unnumberedCount += 1
      // A coinscope record has no number, but happened all the same.
      guard header.type != .meta else {
        if let meta = try? MetaBody(body.bytes) { note(meta, header) }
        return
      }
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
    } else if header.type == .meta, let meta = try? MetaBody(body.bytes) {
      note(meta, header)
    }
  }

  private mutating func note(_ meta: MetaBody, _ header: RecordHeader) {
    switch meta {
    case .sourceJoined(let source, let description):
      instances[source] = description.instance
      entries[description.instance, default: Entry(id: source, account: SequenceAccount())].id = source
      entries[description.instance]!.kind = description.kind
      entries[description.instance]!.name = description.name
    case .gap(let gap):
      let instance = instance(of: gap.source == 0 ? header.source : gap.source)
      entries[instance]!.account.explain(gap.sequences, isBefore: gap.cause == .beforeArchive)
    case .rotation(let mark):
      for position in mark.positions {
        instances[position.source] = position.instance
        guard entries[position.instance] == nil, position.sequence > 0 else { continue }
        entries[position.instance] = Entry(
          id: position.source,
          account: SequenceAccount(after: position.sequence)
        )
      }
    case .sourceLeft, .openConnection, .clock: break
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

  /// The instance that an id stands for; made up from the id where the source was never seen to join.
  private mutating func instance(of source: UInt32) -> UInt64 {
    let instance = instances[source] ?? UInt64(source)
    if entries[instance] == nil { entries[instance] = Entry(id: source, account: SequenceAccount()) }
    instances[source] = instance
    return instance
  }
}
