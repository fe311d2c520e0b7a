import BitcoinWire
import Bytes
import LogFiles
import LogProtocol
import Observations

/// An error in an archive, and its place.
struct LogFinding: Equatable {
  /// The kind of error.
  enum Kind: String, CaseIterable {
    /// Bytes that are not a record.
    case framing
    /// The file ends within a record.
    case torn
    /// The rest of a compressed file cannot be decompressed.
    case compression
    /// Sequence numbers of a source are missing, and no record explains it.
    case sequenceGap = "sequence_gap"
    /// Sequence numbers of a source are missing, and a record explains it.
    case gap
    /// A sequence number of a source comes again.
    case duplicate
    /// A record comes after a later one of its source.
    case outOfOrder = "out_of_order"
    /// Time runs backwards within a direction of a connection.
    case timeBackwards = "time_backwards"
    /// A message's checksum is wrong but not flagged, or flagged but right.
    case checksum
    /// A message's length does not match its record's.
    case length
    /// A record's body cannot be parsed.
    case malformed
    /// A record is about a connection that was never opened, or is closed.
    case unopened
  }

  /// The kind of error.
  var kind: Kind
  /// The file.
  var path: String
  /// The byte offset in the file.
  var offset: UInt64
  /// The number of the record in the file, from 1.
  var record: UInt64
  /// The source that it is about; 0 if none.
  var source: UInt32 = 0
  /// The connection that it is about; 0 if none.
  var connection: UInt32 = 0
  /// The missing sequence numbers, and the reason; nil for other kinds.
  var missing: MissingRange?
  /// The error in words.
  var text: String
}

/// Checks archives, record by record in order. Missing sequence numbers are reported at the end.
struct LogCheck {
  /// Messages that are rightly flagged with a wrong checksum: their senders made the error.
  private(set) var markedChecksumCount: UInt64 = 0

  /// Records checked.
  private(set) var recordCount: UInt64 = 0

  private let isPartial: Bool
  private let report: (LogFinding) -> Void
  private var account = ArchiveSequences()
  private var paths: [String] = []
  /// The instance behind the id of each live source.
  private var instances: [UInt32: UInt64] = [:]
  private var states: [Place: State] = [:]
  private var unopened: Set<Place> = []

  private struct Place: Hashable {
    let source: UInt32
    let connection: UInt32

    init(_ header: RecordHeader) {
      source = header.source
      connection = header.connection
    }
  }

  /// The state of a connection.
  private struct State {
    var isOpen = false
    /// The time of the last message received and sent, in ns since the Unix epoch; 0 if there is none.
    var received: UInt64 = 0
    var sent: UInt64 = 0
  }

  /// Unopened connections to remember, so that each is reported once; no more are reported beyond this
  /// number.
  private static let unopenedLimit = 1 << 20

  /// Creates a check.
  ///
  /// - Parameters:
  ///   - isPartial: whether the files hold a selection of records; missing sequence numbers are then no
  ///     error.
  ///   - report: called with each finding.
  init(isPartial: Bool, report: @escaping (LogFinding) -> Void) {
    self.isPartial = isPartial
    self.report = report
  }

  /// Reports bytes that are not a record.
  func note(_ damage: LogDamage) {
    let kind: LogFinding.Kind =
      switch damage.kind {
      case .damaged: .framing
      case .torn: .torn
      case .compression: .compression
      }
    let text = "\(damage.count) bytes are not a record: \(damage.reason)"
    report(
      LogFinding(kind: kind, path: damage.path, offset: damage.offset, record: damage.number, text: text)
    )
  }

  /// Checks a record.
  mutating func note(_ record: LogRecord, in file: LogFile) {
    recordCount += 1
    let header = record.header
    let report = report
    func find(_ kind: LogFinding.Kind, _ text: String) {
      report(
        LogFinding(
          kind: kind,
          path: file.path,
          offset: record.offset,
          record: record.number,
          source: header.source,
          connection: header.connection,
          text: text
        )
      )
    }
    let meta = header.type == .meta ? meta(record.body, find) : nil
    checkSequence(record, meta, file, find)
    switch header.type {
    case .message:
      checkPlace(header, find)
      checkMessage(header, record.body, find)
    case .connection: checkEvent(header, record.body, find)
    case .meta: if let meta { note(meta, header) }
    default: break
    }
  }

  private mutating func note(_ meta: MetaBody, _ header: RecordHeader) {
    switch meta {
    case .sourceJoined(let source, let description):
      if let former = instances[source], former != description.instance {
        for place in states.keys where place.source == source { states[place]!.isOpen = false }
      }
      instances[source] = description.instance
    case .sourceLeft(let source, _, _, _):
      instances[source] = nil
      states = states.filter { $0.key.source != source }
    case .openConnection: states[Place(header), default: State()].isOpen = true
    case .gap, .clock, .rotation: break
    }
  }

  private mutating func checkSequence(
    _ record: LogRecord,
    _ meta: MetaBody?,
    _ file: LogFile,
    _ find: (LogFinding.Kind, String) -> Void
  ) {
    if paths.last != file.path { paths.append(file.path) }
    let place = LogPlace(file: paths.count - 1, offset: record.offset, record: record.number)
    let sequence = record.header.sequence
    switch account.note(record.header, meta, at: place) {
    case .new, .unnumbered: break
    case .duplicate: find(.duplicate, "sequence \(sequence) is in the archive already")
    case .late(let latest): find(.outOfOrder, "sequence \(sequence) comes after \(latest)")
    }
  }

  /// Reports the missing sequence numbers. Call it after the last record, as records may come late.
  func finish() {
    guard !isPartial else { return }
    var findings: [(place: LogPlace, finding: LogFinding)] = []
    for source in account.sources {
      for missing in source.missing where !missing.isBeforeArchive {
        let finding = LogFinding(
          kind: missing.cause == .unexplained ? .sequenceGap : .gap,
          path: paths[missing.place.file],
          offset: missing.place.offset,
          record: missing.place.record,
          source: source.id,
          missing: missing,
          text: Self.text(missing)
        )
        findings.append((missing.place, finding))
      }
    }
    findings.sort {
      ($0.place.file, $0.place.offset, $0.finding.source) < (
        $1.place.file, $1.place.offset, $1.finding.source
      )
    }
    for (_, finding) in findings { report(finding) }
  }

  private static func text(_ missing: MissingRange) -> String {
    let (first, last) = (missing.sequences.lowerBound, missing.sequences.upperBound)
    let records = missing.count == 1 ? "1 record is" : "\(missing.count) records are"
    let reason =
      switch (missing.cause, missing.evidence) {
      case (.gap(let cause), _): ": \(cause.text)"
      case (.left, _): ": the source left without goodbye, and the log server had them"
      case (.unexplained, .rotation): "; this rotation mark says that they were archived before it"
      case (.unexplained, .left): "; this record says that the log server had them"
      case (.unexplained, .gap), (.unexplained, .record): ""
      }
    return "\(records) missing, \(first) to \(last)\(reason)"
  }

  private mutating func checkOpen(_ header: RecordHeader, _ find: (LogFinding.Kind, String) -> Void) {
    if states[Place(header)]?.isOpen != true { noteUnopened(header, find) }
  }

  private mutating func noteUnopened(_ header: RecordHeader, _ find: (LogFinding.Kind, String) -> Void) {
    guard unopened.count < Self.unopenedLimit, unopened.insert(Place(header)).inserted else { return }
    find(.unopened, "connection \(header.connection) was never opened, or is closed")
  }

  /// Checks that a message's connection is open, and that the message is not earlier than the previous one.
  private mutating func checkPlace(_ header: RecordHeader, _ find: (LogFinding.Kind, String) -> Void) {
    let isSent = header.flags.contains(.sent)
    let (isOpen, former) = Self.advance(&states[Place(header), default: State()], to: header.time, isSent)
    if !isOpen { noteUnopened(header, find) }
    if header.time < former {
      find(.timeBackwards, "\(former - header.time) ns before the previous message")
    }
  }

  private static func advance(_ state: inout State, to time: UInt64, _ isSent: Bool) -> (Bool, UInt64) {
    let former = isSent ? state.sent : state.received
    if isSent { state.sent = time } else { state.received = time }
    return (state.isOpen, former)
  }

  private mutating func checkMessage(
    _ header: RecordHeader,
    _ body: UnsafeRawBufferPointer,
    _ find: (LogFinding.Kind, String) -> Void
  ) {
    guard let message = MessageHeader(peeking: body.bytes) else {
      return find(.length, "\(body.count) bytes are too short for a message header")
    }
    if header.flags.contains(.truncated) { return }
    guard message.totalLength == body.count else {
      let has = body.count - MessageHeader.size
      return find(.length, "\(message.command) announces \(message.length) bytes and has \(has)")
    }
    let payload = UnsafeRawBufferPointer(rebasing: body.dropFirst(MessageHeader.size))
    let isRight = Hash256.checksum(payload.bytes) == message.checksum
    switch (isRight, header.flags.contains(.wrongChecksum)) {
    case (true, false): break
    case (false, true): markedChecksumCount += 1
    case (false, false): find(.checksum, "\(message.command) has a wrong checksum that is not flagged")
    case (true, true):
      find(.checksum, "\(message.command) is flagged with a wrong checksum, but its checksum is right")
    }
  }

  private mutating func checkEvent(
    _ header: RecordHeader,
    _ body: UnsafeRawBufferPointer,
    _ find: (LogFinding.Kind, String) -> Void
  ) {
    let event: ConnectionEvent
    do throws(WireError) { event = try ConnectionEvent(body.bytes) } catch {
      return find(.malformed, "the connection event cannot be parsed: \(error)")
    }
    let place = Place(header)
    switch event.code {
    case .connected, .accepted:
      unopened.remove(place)
      states[place, default: State()].isOpen = true
    case .connectFailed: break
    case .handshaken: checkOpen(header, find)
    case .closedByPeer, .writeFailed, .failed, .resetByPeer, .closedByUs:
      checkOpen(header, find)
    }
    if event.code.endsConnection { states[place] = nil }
  }

  private func meta(_ body: UnsafeRawBufferPointer, _ find: (LogFinding.Kind, String) -> Void) -> MetaBody? {
    do throws(WireError) { return try MetaBody(body.bytes) } catch {
      find(.malformed, "the META record cannot be parsed: \(error)")
      return nil
    }
  }
}
