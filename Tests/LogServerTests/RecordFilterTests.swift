import BitcoinWire
import EventLoop
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import LogServerCore

/// A plain implementation of subscriptions as in docs/log-format.md.
private func wants(_ subscription: Subscription, _ header: RecordHeader, _ body: UnsafeRawBufferPointer)
  -> Bool
{
  if header.type == .meta { return true }
  guard subscription.types.contains(header.type) else { return false }
  if header.type == .message {
    guard header.flags.contains(.sent) ? subscription.wantsSent : subscription.wantsReceived else {
      return false
    }
    if !subscription.commands.isEmpty {
      guard body.count >= 16,
        let found = Command(String(decoding: body[4..<16].prefix { $0 != 0 }, as: UTF8.self)),
        subscription.commands.contains(found)
      else { return false }
    }
  }
  return (subscription.sources.isEmpty || subscription.sources.contains(header.source))
    && (subscription.connections.isEmpty || subscription.connections.contains(header.connection))
}

@Suite struct RecordFilterTests {
  /// Records of all kinds, as adjacent in one read.
  static let records: [[UInt8]] = (1...600).map { sequence in
    let types: [RecordType] = [
      .message, .debug, .meta, .connection, .message, .error, RecordType(rawValue: 0x100),
    ]
    let type = types[sequence % types.count]
    let commands: [Command] = ["inv", "tx", "block", "addr"]
    var body = Network.regtest.frame(
      commands[sequence % 4],
      payload: [UInt8](repeating: 1, count: sequence % 50)
    )
    // Too short for a command.
    if sequence % 11 == 0 { body = Array(body.prefix(sequence % 17)) }
    return RecordHeader(
      type: type,
      flags: sequence % 3 == 0 ? .sent : [],
      source: 77,
      time: 1,
      sequence: UInt64(sequence),
      connection: UInt32(sequence % 5),
      bodyCount: 0
    ).record(body: body)
  }

  static let subscriptions: [Subscription] = {
    var all: [Subscription] = []
    for types in [RecordType.all, [], .message, [.debug, .error], RecordType(rawValue: 0x100)] {
      for commands: [Command] in [[], ["tx"], ["tx", "inv"], ["nothing"]] {
        for (sources, connections): ([UInt32], [UInt32]) in [
          ([], []), ([77], []), ([78], []), ([1, 77], [2]), ([], [0, 1, 9]),
        ] {
          for directions in 0..<4 {
            var subscription = Subscription(types: types)
            subscription.commands = commands
            subscription.sources = sources
            subscription.connections = connections
            subscription.wantsReceived = directions & 1 != 0
            subscription.wantsSent = directions & 2 != 0
            all.append(subscription)
          }
        }
      }
    }
    return all
  }()

  @Test func saysWhatTheSubscriptionSays() {
    let bytes = Array(Self.records.joined())
    for subscription in Self.subscriptions {
      let filter = RecordFilter(subscription)
      for position in [0, 300] as [UInt64] {
        var selection = RecordFilter.Selection()
        var selected: [UInt8] = []
        bytes.withUnsafeBytes { bytes in
          filter.select(of: bytes, count: 600, source: 77, after: position, into: &selection)
          for range in selection.ranges { selected += bytes[range] }
        }
        let wanted = Self.records.filter { record in
          record.withUnsafeBytes { record in
            let header = RecordHeader(checked: record)
            let body = UnsafeRawBufferPointer(rebasing: record.dropFirst(RecordHeader.size))
            return header.sequence > position && wants(subscription, header, body)
          }
        }
        #expect(selected == Array(wanted.joined()))
        #expect(selection.count == wanted.count)
        #expect(selection.byteCount == selected.count)
        #expect(!filter.takesEverything || selection.count == 600 - Int(position))
        // Adjacent records are merged into one range.
        #expect(
          zip(selection.ranges, selection.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }
        )
      }
    }
  }
}

@Suite struct CoinscopeTranslatorTests {
  /// Each record translated by itself with `CoinscopeRecord.bytes`.
  func expected(_ types: RecordType, _ records: [[UInt8]]) -> [UInt8] {
    records.flatMap { record in
      record.withUnsafeBytes { record in
        let header = RecordHeader(checked: record)
        let body = UnsafeRawBufferPointer(rebasing: record.dropFirst(RecordHeader.size))
        return types.isDisjoint(with: header.type) ? [] : CoinscopeRecord.bytes(header, body: body) ?? []
      }
    }
  }

  func slice(_ bytes: [UInt8]) -> ChunkSlice {
    let chunk = Chunk(capacity: bytes.count)
    bytes.withUnsafeBytes { chunk.base.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    return ChunkSlice(chunk, 0..<bytes.count)
  }

  let source = KnownSource(
    SourceDescription(instance: 1, process: 1, kind: "", name: "", version: ""),
    id: 77
  )

  @Test(arguments: [100, 1000, 1 << 20])
  func translatesARunAsTheProtocolTranslatesEachRecord(chunkCapacity: Int) {
    let event = ConnectionEvent(
      .connected,
      .outbound,
      remote: Endpoint("127.1.2.3:8333")!,
      local: Endpoint("127.0.0.1:1")!,
      outcome: Outcome(reason: "hello", errorNumber: 0)
    )
    let events = [event.body, Array("no event".utf8)].map {
      RecordHeader(
        type: .connection,
        source: 77,
        time: 5_000_000_000,
        sequence: 1,
        connection: 4,
        bodyCount: 0
      )
      .record(body: $0)
    }
    let records = RecordFilterTests.records + events
    let run = records.reduce(into: RecordRun(at: 0, after: 0)) { run, record in
      run.append(record.withUnsafeBytes { RecordHeader(checked: $0) })
    }
    for types in [RecordType.message, .connection, [.debug, .message], RecordType.all.subtracting(.meta)] {
      let translator = CoinscopeTranslator(types, pool: ChunkPool(chunkCapacity: chunkCapacity))
      for _ in 0..<3 {
        var slices: [ChunkSlice] = []
        let whole = slice(Array(records.joined()))
        translator.translate(ForwardedRun(whole, run, isNew: true, of: source)) { slices.append($0) }
        #expect(slices.flatMap { Array($0.bytes) } == expected(types, records))
      }
    }
  }

  @Test func translatesARecordInPieces() {
    for type in [RecordType.message, .debug] {
      let header = RecordHeader(type: type, source: 77, time: 1, sequence: 1, connection: 3, bodyCount: 0)
      let record = header.record(body: (0..<5000).map { UInt8(truncatingIfNeeded: $0) })
      let pieces = [0..<100, 100..<3000, 3000..<5032].map { slice(Array(record[$0])) }
      let translator = CoinscopeTranslator(.all, pool: ChunkPool(chunkCapacity: 100))
      var slices: [ChunkSlice] = []
      let whole = record.withUnsafeBytes { RecordHeader(checked: $0) }
      translator.translate(ForwardedRun(whole, pieces, isNew: true, of: source)) { slices.append($0) }
      #expect(slices.flatMap { Array($0.bytes) } == expected(.all, [record]))
    }
  }
}
