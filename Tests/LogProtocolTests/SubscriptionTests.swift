import BitcoinWire
import Bytes
import LogProtocol
import Observations
import Testing

@Suite struct SubscriptionTests {
  func wants(
    _ subscription: Subscription,
    _ type: RecordType,
    flags: RecordFlags = [],
    source: UInt32 = 1,
    connection: UInt32 = 1,
    command: Command = "inv"
  ) -> Bool {
    let body = [1, 2, 3, 4] + command.bytes + [UInt8](repeating: 0, count: 8)
    let header = RecordHeader(
      type: type,
      flags: flags,
      source: source,
      time: 0,
      connection: connection,
      bodyCount: body.count
    )
    return body.withUnsafeBytes { RecordFilter(subscription).wants(header, body: $0) }
  }

  @Test func selectsByType() {
    let subscription = Subscription(types: [.error, .connection])
    #expect(wants(subscription, .error))
    #expect(!wants(subscription, .message))
    #expect(wants(subscription, .meta))
    #expect(wants(Subscription(), RecordType(rawValue: 0x0100)))
  }

  @Test func selectsMessagesByDirectionAndCommand() {
    var subscription = Subscription()
    subscription.wantsReceived = false
    #expect(!wants(subscription, .message))
    #expect(wants(subscription, .message, flags: .sent))
    #expect(wants(subscription, .debug))
    subscription = Subscription()
    subscription.commands = ["tx", "block"]
    #expect(!wants(subscription, .message))
    #expect(wants(subscription, .message, command: "block"))
    #expect(wants(subscription, .error))
  }

  @Test func selectsBySourceAndConnection() {
    var subscription = Subscription()
    subscription.sources = [5]
    #expect(!wants(subscription, .message))
    #expect(wants(subscription, .message, source: 5))
    subscription.connections = [8]
    #expect(!wants(subscription, .message, source: 5))
    #expect(wants(subscription, .message, source: 5, connection: 8))
  }
}

@Suite struct ConnectionTableTests {
  func note(_ table: inout ConnectionTable, _ event: ConnectionEvent, connection: UInt32, time: UInt64 = 5) {
    let body = event.body
    let header = RecordHeader(
      type: .connection,
      source: 9,
      time: time,
      connection: connection,
      bodyCount: body.count
    )
    body.withUnsafeBytes { table.note(header, body: $0) }
  }

  @Test func remembersWhatIsOpenAndSaysItAsRecords() throws {
    var table = ConnectionTable()
    table.join(9, MetaBodyTests.description)
    note(&table, ConnectionEvent(.connected, .outbound, remote: peer, local: peer), connection: 1)
    note(&table, ConnectionEvent(.accepted, .inbound, remote: torPeer, local: peer), connection: 2, time: 6)
    note(
      &table,
      ConnectionEvent(.handshaken, .outbound, remote: peer, local: peer, peer: .userAgent([0x2f])),
      connection: 1
    )
    note(&table, ConnectionEvent(.closedByPeer, .inbound, remote: torPeer, local: peer), connection: 2)
    note(&table, ConnectionEvent(.connectFailed, .outbound, remote: peer, local: peer), connection: 3)
    #expect(table.connectionCount == 1)

    var copy = ConnectionTable()
    let records = table.records(at: 100)
    try records.withUnsafeBytes {
      var cursor = RecordCursor($0)
      while let (header, range) = try cursor.next() {
        #expect(header.sequence == 0)
        copy.note(header, body: UnsafeRawBufferPointer(rebasing: $0[range].dropFirst(RecordHeader.size)))
      }
    }
    let expected = OpenConnection(
      direction: .outbound,
      remote: peer,
      local: peer,
      since: 5,
      peer: .userAgent([0x2f])
    )
    #expect(copy.sources == [9: MetaBodyTests.description])
    #expect(copy.connections(of: 9) == [1: expected])
    copy.leave(9)
    #expect(copy.connectionCount == 0)
  }

  @Test func forgetsTheConnectionsOfAnEarlierInstance() {
    var table = ConnectionTable()
    table.join(9, MetaBodyTests.description)
    note(&table, ConnectionEvent(.connected, .outbound, remote: peer, local: peer), connection: 1)
    table.join(9, MetaBodyTests.description)
    #expect(table.connectionCount == 1)
    var other = MetaBodyTests.description
    other.instance = 43
    table.join(9, other)
    #expect(table.connectionCount == 0)
  }
}

@Suite struct SequenceLedgerTests {
  @Test func tellsNextDuplicateAndMissing() {
    var ledger = SequenceLedger()
    ledger.join(9, instance: 42)
    #expect(ledger.note(source: 9, sequence: 1) == .next)
    #expect(ledger.note(source: 9, sequence: 2) == .next)
    #expect(ledger.note(source: 9, sequence: 2) == .duplicate)
    #expect(ledger.note(source: 9, sequence: 6) == .after(missing: 3...5))
    #expect(ledger.note(source: 9, sequence: 0) == .unnumbered)
    ledger.account(for: 9, upTo: 10)
    #expect(ledger.note(source: 9, sequence: 11) == .next)
  }

  @Test func followsAnInstanceToAnotherId() {
    var ledger = SequenceLedger()
    ledger.join(9, instance: 42)
    _ = ledger.note(source: 9, sequence: 1)
    ledger.join(10, instance: 42)
    #expect(ledger.note(source: 10, sequence: 2) == .next)
    ledger.join(9, instance: 43)
    #expect(ledger.note(source: 9, sequence: 1) == .next)
    #expect(ledger.positions[42]?.source == 10)
  }

  @Test func resumesFromAMark() {
    var ledger = SequenceLedger()
    ledger.resume(RotationMark(positions: [ArchivePosition(instance: 42, source: 9, sequence: 77)]))
    #expect(ledger.note(source: 9, sequence: 78) == .next)
    #expect(ledger.note(source: 9, sequence: 77) == .duplicate)
  }
}

@Suite struct CoinscopeRecordTests {
  @Test func translatesAMessage() throws {
    let body: [UInt8] = [0xde, 0xad]
    let header = RecordHeader(
      type: .message,
      flags: .sent,
      source: 0x0a0b_0c0d,
      time: 1_700_000_000_999_999_999,
      connection: 7,
      bodyCount: 2
    )
    let bytes = body.withUnsafeBytes { CoinscopeRecord.bytes(header, body: $0) }
    let expected = "00000014" + "0a0b0c0d" + "20" + "000000006553f100" + "00000007" + "01" + "dead"
    #expect(Hexadecimal.text(bytes ?? []) == expected)
    let back = try CoinscopeRecord.native(Array(bytes!.dropFirst(8)).span.bytes)
    #expect(back.body == body)
    #expect(back.header.connection == 7)
    #expect(back.header.flags == .sent)
    #expect(back.header.time == 1_700_000_000_000_000_000)
  }

  @Test func translatesAnEvent() throws {
    let event = ConnectionEvent(
      .connectFailed,
      .outbound,
      remote: Endpoint("1.2.3.4:8333")!,
      local: Endpoint("0.0.0.0:0")!,
      outcome: Outcome(reason: "no", errorNumber: 0)
    )
    let body = event.body
    let header = RecordHeader(
      type: .connection,
      source: 1,
      time: 1_000_000_000,
      connection: 0,
      bodyCount: body.count
    )
    let bytes = body.withUnsafeBytes { CoinscopeRecord.bytes(header, body: $0) }
    let expected =
      "0000003c" + "00000001" + "10" + "0000000000000001" + "00000000" + "00000020"
      + "0200208d010203040000000000000000" + "02000000000000000000000000000000" + "00000003" + "6e6f00"
    #expect(Hexadecimal.text(bytes ?? []) == expected)
    let back = try CoinscopeRecord.native(Array(bytes!.dropFirst(8)).span.bytes)
    #expect(try ConnectionEvent(back.body.span.bytes) == event)
    expectTruncationsRefused(Array(bytes!.dropFirst(8))) { _ = try CoinscopeRecord.native($0.span.bytes) }
  }

  @Test func showsAnAddressThatIsNotIPv4InTheText() {
    let event = ConnectionEvent(.connected, .outbound, remote: torPeer, local: peer)
    let body = event.body
    let header = RecordHeader(type: .connection, source: 1, time: 0, connection: 1, bodyCount: body.count)
    let bytes = body.withUnsafeBytes { CoinscopeRecord.bytes(header, body: $0) } ?? []
    #expect(bytes.suffix(from: 61) == Array(torPeer.description.utf8 + [0])[...])
    #expect(Array(bytes[25..<41]) == Hexadecimal.bytes("0200208d000000000000000000000000"))
  }

  @Test func endsTextWithNUL() throws {
    let body = Array("hi".utf8)
    let header = RecordHeader(type: .control, source: 1, time: 0, bodyCount: 2)
    let bytes = body.withUnsafeBytes { CoinscopeRecord.bytes(header, body: $0) } ?? []
    #expect(bytes.suffix(3) == [0x68, 0x69, 0])
    #expect(try CoinscopeRecord.native(Array(bytes.dropFirst(8)).span.bytes).body == body)
  }

  @Test func leavesOutWhatCoinscopeDoesNotHave() {
    let event = ConnectionEvent(.handshaken, .outbound, remote: peer, local: peer).body
    for (type, body) in [(RecordType.meta, [0x05]), (RecordType(rawValue: 0x100), []), (.connection, event)] {
      let header = RecordHeader(type: type, time: 0, bodyCount: body.count)
      #expect(body.withUnsafeBytes { CoinscopeRecord.bytes(header, body: $0) } == nil)
    }
  }
}
