import BitcoinWire
import Observations

/// Decides whether a subscription wants a record: the one filter of log server, tools and clients.
///
/// META records are always wanted. An empty list of commands, sources or connections means all of them.
/// Commands and directions restrict messages only.
public struct RecordFilter: Sendable {
  /// Whether every record is wanted, so that headers need not be read.
  public let takesEverything: Bool

  private let types: UInt16
  private let wantsReceived: Bool
  private let wantsSent: Bool
  private let sources: Set<UInt32>
  private let connections: Set<UInt32>
  private let commands: Set<Command>
  // Most filters name one command: a comparison is faster than a set look-up.
  private let command: Command?

  /// Prepares a subscription for many records.
  public init(_ subscription: Subscription) {
    types = subscription.types.rawValue
    wantsReceived = subscription.wantsReceived
    wantsSent = subscription.wantsSent
    sources = Set(subscription.sources)
    connections = Set(subscription.connections)
    commands = Set(subscription.commands)
    command = commands.count == 1 ? commands.first : nil
    takesEverything =
      subscription.types == .all && wantsReceived && wantsSent && sources.isEmpty && connections.isEmpty
      && commands.isEmpty
  }

  /// The selected records of a run.
  public struct Selection {
    /// Creates an empty selection.
    public init() {}

    /// The byte ranges of the records; adjacent ones are merged.
    public var ranges: [Range<Int>] = []
    /// The number of records.
    public var count = 0
    /// The length of all records, in bytes.
    public var byteCount = 0
    /// Sequence number of the first record.
    public var firstSequence: UInt64 = 0
    /// Sequence number of the last record.
    public var lastSequence: UInt64 = 0
  }

  /// Selects the wanted records after a sequence number, among adjacent whole records of one source.
  ///
  /// - Parameters:
  ///   - records: the bytes; if `count` is 1 they may end after the message's header.
  ///   - count: the number of records.
  ///   - selection: is overwritten; its memory is reused.
  public func select(
    of records: UnsafeRawBufferPointer,
    count: Int,
    source: UInt32,
    after sequence: UInt64,
    into selection: inout Selection
  ) {
    selection.ranges.removeAll(keepingCapacity: true)
    selection.count = 0
    selection.byteCount = 0
    guard let base = records.baseAddress else { return }
    let types = sources.isEmpty || sources.contains(source) ? types : 0
    var offset = 0
    for _ in 0..<count {
      let record = base + offset
      let length = Int(UInt32(bigEndian: record.loadUnaligned(as: UInt32.self))) + 4
      if wants(record, types: types, bodyCount: length - RecordHeader.size) {
        let number = UInt64(bigEndian: record.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        if number > sequence { selection.append(offset..<offset + length, number) }
      }
      offset += length
    }
  }

  /// Whether a record is wanted.
  ///
  /// - Parameter body: the record's body.
  public func wants(_ header: RecordHeader, body: UnsafeRawBufferPointer) -> Bool {
    let types = sources.isEmpty || sources.contains(header.source) ? types : 0
    return wants(
      header.type.rawValue,
      header.flags.rawValue,
      header.connection,
      types: types,
      body.baseAddress,
      bodyCount: body.count
    )
  }

  /// Whether the record at an address is wanted.
  @inline(__always)
  private func wants(_ record: UnsafeRawPointer, types: UInt16, bodyCount: Int) -> Bool {
    wants(
      UInt16(bigEndian: record.loadUnaligned(fromByteOffset: 24, as: UInt16.self)),
      record.load(fromByteOffset: 26, as: UInt8.self),
      UInt32(bigEndian: record.loadUnaligned(fromByteOffset: 28, as: UInt32.self)),
      types: types,
      record + RecordHeader.size,
      bodyCount: bodyCount
    )
  }

  @inline(__always)
  private func wants(
    _ type: UInt16,
    _ flags: UInt8,
    _ connection: UInt32,
    types: UInt16,
    _ body: UnsafeRawPointer?,
    bodyCount: Int
  ) -> Bool {
    if type == RecordType.meta.rawValue { return true }
    guard types & type != 0 else { return false }
    if type == RecordType.message.rawValue {
      guard flags & RecordFlags.sent.rawValue != 0 ? wantsSent : wantsReceived else { return false }
      if !commands.isEmpty {
        guard bodyCount >= 16, let body else { return false }
        let field = UnsafeRawBufferPointer(start: body + 4, count: Command.size)
        let found = Command(field.bytes)
        guard command.map({ $0 == found }) ?? commands.contains(found) else { return false }
      }
    }
    return connections.isEmpty || connections.contains(connection)
  }
}

extension RecordFilter.Selection {
  fileprivate mutating func append(_ range: Range<Int>, _ sequence: UInt64) {
    if count == 0 { firstSequence = sequence }
    lastSequence = sequence
    count += 1
    byteCount += range.count
    if let last = ranges.last, last.upperBound == range.lowerBound {
      ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
    } else {
      ranges.append(range)
    }
  }
}
