import BitcoinWire
import Bytes
import LogProtocol
import Observations
import TestSupport

/// A made-up archive of a connector with two peers.
enum LogArchive: MadeUpRecords {
  static let source: UInt32 = 1_700_000_000
  static let start: UInt64 = 1_700_000_000_000_000_000
  static let peer = Endpoint("10.1.2.3:18444")!
  static let otherPeer = Endpoint("[2001:db8::7]:18444")!
  static let us = Endpoint("10.0.0.1:40000")!
  static let transaction = Hash256(doubleSHA256: [1, 2, 3].span.bytes)

  /// The time of a sequence number, in ns since the Unix epoch; 0.1 s apart.
  static func time(_ sequence: UInt64) -> UInt64 { start + sequence * 100_000_000 }

  static func joined(_ source: UInt32 = source, instance: UInt64 = 7) -> [UInt8] {
    let description = SourceDescription(
      instance: instance,
      process: 1,
      kind: "connector",
      name: "",
      version: "1"
    )
    return meta(.sourceJoined(source: source, description))
  }

  static func meta(_ body: MetaBody, source: UInt32 = 0, connection: UInt32 = 0) -> [UInt8] {
    record(.meta, 0, body.body, source: source, time: start, connection: connection)
  }

  static func event(
    _ code: ConnectionEvent.Code,
    _ sequence: UInt64,
    _ remote: Endpoint = peer,
    connection: UInt32 = 1,
    userAgent: String = ""
  ) -> [UInt8] {
    let local = remote.address.network == .ipv4 ? us : Endpoint("[2001:db8::1]:40001")!
    let event = ConnectionEvent(
      code,
      .outbound,
      remote: remote,
      local: local,
      peer: userAgent.isEmpty ? .unknown : .userAgent(Array(userAgent.utf8))
    )
    return record(.connection, sequence, event.body, connection: connection)
  }

  static func message(
    _ command: Command,
    _ sequence: UInt64,
    _ payload: [UInt8] = [],
    flags: RecordFlags = [],
    connection: UInt32 = 1,
    time: UInt64? = nil
  ) -> [UInt8] {
    let body = Network.regtest.frame(command, payload: payload)
    return record(.message, sequence, body, flags: flags, time: time, connection: connection)
  }

  static func inventory(_ type: InventoryType, _ hashes: Hash256...) -> [UInt8] {
    InventoryMessage(items: hashes.map { InventoryItem(type, $0) }).bytes
  }

  /// Two connections open, complete handshakes and announce; one closes. Contains every kind of record.
  static let records: [[UInt8]] = [
    joined(),
    event(.connected, 1), event(.connected, 2, otherPeer, connection: 2),
    message("version", 3, [UInt8](repeating: 0, count: 90), flags: .sent),
    event(.handshaken, 4, userAgent: "/Satoshi:27.0.0/"),
    event(.handshaken, 5, otherPeer, connection: 2, userAgent: "/btcwire:0.5.0/"),
    message("inv", 6, inventory(.tx, transaction, .zero), connection: 2),
    message("inv", 7, inventory(.tx, transaction)),
    message("getdata", 8, inventory(.tx, transaction), flags: .sent),
    message("ping", 9, [1, 2, 3, 4, 5, 6, 7, 8]),
    record(.debug, 10, Array("all is well".utf8)),
    event(.closedByPeer, 11), message("pong", 12, [1, 2, 3, 4, 5, 6, 7, 8], connection: 2),
  ]

  static let bytes = StreamPreamble.bytes(createdAt: start) + records.joined()

  /// Two segments of one archive, with heads as verbatim writes them. The first connection closes in the
  /// second segment.
  static let segments: [[UInt8]] = {
    let position = ArchivePosition(instance: 7, source: source, sequence: 7)
    var table = ConnectionTable()
    for record in records[..<8] {
      record.withUnsafeBytes {
        table.note(RecordHeader(checked: $0), body: UnsafeRawBufferPointer(rebasing: $0[32...]))
      }
    }
    let middle = time(7)
    let second =
      meta(.rotation(RotationMark(positions: [position]))) + table.records(at: middle)
      + records[8...].joined()
    return [
      StreamPreamble.bytes(createdAt: start) + records[..<8].joined(),
      StreamPreamble.bytes(createdAt: middle) + second,
    ]
  }()

  /// The bytes that coinscope's verbatim would have written.
  static let coinscope: [UInt8] = records.flatMap { record in
    record.withUnsafeBytes {
      CoinscopeRecord.bytes(RecordHeader(checked: $0), body: UnsafeRawBufferPointer(rebasing: $0[32...]))
        ?? []
    }
  }

  /// All whole records in some bytes, without preambles.
  static func records(_ bytes: [UInt8]) throws -> [[UInt8]] {
    try bytes.withUnsafeBytes { bytes in
      var cursor = RecordCursor(bytes)
      var result: [[UInt8]] = []
      while let (_, range) = try cursor.next() { result.append(Array(bytes[range])) }
      return result
    }
  }
}
