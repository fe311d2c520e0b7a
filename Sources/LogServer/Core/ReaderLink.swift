import Bytes
import EventLoop
import LogProtocol

/// The connection of one native reader.
final class ReaderLink: ByteStreamHandler {
  private unowned let server: LogServer
  private var stream: ByteStream!
  private let peer: String
  private var saidGoodbye = false

  /// What the reader wants; nil until it has said so.
  private(set) var subscription: Subscription?

  /// How far an archiving reader has acknowledged, by instance.
  private(set) var acknowledged: [UInt64: UInt64] = [:]

  /// The last sequence queued for an archiving reader, by instance.
  private(set) var queued: [UInt64: UInt64] = [:]

  /// The instances that were asked to send again what this reader lacks, and have not begun to: what they
  /// send until then comes again after it, so that the reader gets everything in order.
  private var awaited: Set<UInt64> = []

  private var pending: ChunkSlice?
  private var isSkipping = false
  private var gaps: [UInt32: Gap] = [:]

  init(_ descriptor: Int32, peer: String, server: LogServer) {
    self.server = server
    self.peer = peer
    stream = ByteStream(descriptor, on: server.loop, handler: self)
  }

  var isArchiving: Bool { subscription?.isArchiving ?? false }

  var unsentCount: Int { stream.unsentCount }

  // MARK: Records

  /// Offers a whole record.
  ///
  /// - Parameter isNew: whether it is the first time that the server forwards it; otherwise only an archiving
  ///   reader that does not have it gets it.
  @inline(__always)
  func offer(
    _ record: ChunkSlice,
    _ header: RecordHeader,
    body: UnsafeRawBufferPointer,
    of source: KnownSource,
    isNew: Bool
  ) {
    guard let subscription, subscription.wants(header, body: body) else { return }
    if subscription.isArchiving {
      let instance = source.description.instance
      guard header.sequence > queued[instance, default: 0], !awaited.contains(instance) else { return }
      queued[instance] = header.sequence
    } else if !isNew {
      return
    }
    if let run = pending, run.chunk === record.chunk, run.range.upperBound == record.range.lowerBound {
      pending = ChunkSlice(record.chunk, run.range.lowerBound..<record.range.upperBound)
    } else {
      passPending()
      pending = record
    }
  }

  /// Writes what was offered since the last call.
  func passPending() {
    guard let run = pending else { return }
    pending = nil
    if isSkipping, stream.unsentCount <= server.readerLimit / 2 { endSkipping() }
    if !isSkipping, stream.unsentCount + run.range.count > server.readerLimit {
      guard subscription?.slowPolicy == .gap else {
        return refuse("reader too slow: \(stream.unsentCount) bytes wait")
      }
      server.logger.warning("reader \(peer) is too slow: it misses records from now on")
      isSkipping = true
    }
    if isSkipping { count(run) } else { stream.write(run) }
  }

  /// Writes records that the server made, whatever waits.
  func send(_ bytes: [UInt8]) {
    passPending()
    stream.write(bytes)
  }

  private func count(_ run: ChunkSlice) {
    var cursor = RecordCursor(run.bytes)
    while let (header, range) = try? cursor.next() {
      server.missed(bytes: range.count)
      let sequence = header.sequence
      var gap =
        gaps[header.source]
        ?? Gap(
          source: header.source,
          sequences: sequence...sequence,
          count: 0,
          byteCount: 0,
          cause: .slowReader
        )
      gap.sequences = min(gap.sequences.lowerBound, sequence)...max(gap.sequences.upperBound, sequence)
      gap.count += 1
      gap.byteCount += UInt64(range.count)
      gaps[header.source] = gap
    }
  }

  private func endSkipping() {
    isSkipping = false
    let now = Clock.now()
    for (_, gap) in gaps.sorted(by: { $0.key < $1.key }) {
      let body = MetaBody.gap(gap).body
      stream.write(RecordHeader(type: .meta, time: now, bodyCount: body.count).record(body: body))
      server.logger.warning("reader \(peer) missed \(gap.count) records of source \(gap.source)")
    }
    gaps = [:]
  }

  // MARK: The reader's own words

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var cursor = RecordCursor(slice.bytes)
    do {
      while stream.isOpen, let (header, range) = try cursor.next() {
        let body = UnsafeRawBufferPointer(rebasing: slice.bytes[range].dropFirst(RecordHeader.size))
        guard header.type == .meta, let link = try LinkMessage(body.bytes) else {
          throw WireError(.invalid("is \(header.type.rawValue), no reader's"), field: "type", offset: 24)
        }
        try handle(link)
      }
    } catch {
      refuse("record at byte \(cursor.offset) of a read: \(error)")
    }
    // A reader has little to say; a long claim is not believed.
    stream.expectedCount = min(cursor.neededCount, 1 << 20)
    if cursor.neededCount > 1 << 20, stream.isOpen {
      refuse("a record of \(cursor.neededCount) bytes is too long")
    }
    return stream.isOpen ? cursor.offset : 0
  }

  func streamDidDrain(_ stream: ByteStream) { if isSkipping { endSkipping() } }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    server.removed(self, saidGoodbye: saidGoodbye, reason: reason.description)
  }

  private func handle(_ link: LinkMessage) throws(WireError) {
    switch link {
    case .subscribe(let subscription, let positions): subscribe(subscription, positions)
    case .acknowledge(let sequences):
      for (id, sequence) in sequences {
        guard let instance = server.instance(of: id) else { continue }
        acknowledged[instance] = max(acknowledged[instance, default: 0], sequence)
      }
      server.acknowledgeSoon()
    case .goodbye:
      saidGoodbye = true
      stream.close(.closed("goodbye"))
    case .statusRequest:
      stream.write(LinkMessage.status(server.status).record(at: Clock.now()))
    case .hello, .grant, .refusal, .rewind, .rewound, .status:
      throw WireError(.invalid("is not a reader's to say"), field: "meta code", offset: RecordHeader.size)
    }
  }

  private func subscribe(_ subscription: Subscription, _ positions: [ArchivePosition]) {
    let isFirst = self.subscription == nil
    self.subscription = subscription
    if isFirst {
      let now = Clock.now()
      stream.write(StreamPreamble.bytes(createdAt: now))
      stream.write(server.table.records(at: now))
    }
    guard subscription.isArchiving else { return }
    for position in positions {
      queued[position.instance] = max(queued[position.instance, default: 0], position.sequence)
      acknowledged[position.instance] = max(acknowledged[position.instance, default: 0], position.sequence)
    }
    server.resume(self)
  }

  /// Waits for what `source` sends again.
  func awaitRewind(of source: KnownSource) { awaited.insert(source.description.instance) }

  /// `source` begins to send again.
  func rewound(_ source: KnownSource) { awaited.remove(source.description.instance) }

  private func refuse(_ reason: String) {
    server.logger.error("reader \(peer) refused: \(reason)")
    stream.write(LinkMessage.refusal(reason).record(at: Clock.now()))
    // One that does not read would hold the connection for ever.
    if stream.unsentCount > server.readerLimit / 2 { return stream.close(.closed(reason)) }
    stream.closeAfterWriting(reason)
  }
}
