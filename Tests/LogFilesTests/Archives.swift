import BitcoinWire
import Bytes
import LogProtocol
import Observations
import TestSupport
import Testing
import Zstandard

@testable import LogFiles

/// Made-up archives.
enum Archives: MadeUpRecords {
  static let source: UInt32 = 1_700_000_000
  static let start: UInt64 = 1_700_000_000_000_000_000
  static let peer = Endpoint("10.1.2.3:8333")!
  static let us = Endpoint("10.0.0.1:40000")!

  static func time(_ sequence: UInt64) -> UInt64 { start + sequence * 1_000_000_000 }

  static let preamble = StreamPreamble.bytes(createdAt: start)

  static func message(_ command: Command, _ payload: [UInt8] = [], _ sequence: UInt64) -> [UInt8] {
    var body: [UInt8] = []
    MessageHeader(magic: Network.regtest.magic, command: command, payload: payload.span.bytes).append(
      to: &body
    )
    return record(.message, sequence, body + payload, connection: 1)
  }

  static func event(_ code: ConnectionEvent.Code, _ sequence: UInt64) -> [UInt8] {
    let event = ConnectionEvent(
      code,
      .outbound,
      remote: peer,
      local: us,
      outcome: Outcome(reason: "why", errorNumber: 0)
    )
    return record(.connection, sequence, event.body, connection: 1)
  }

  /// Seven records of the types that both formats have, the last one a message.
  static let records: [[UInt8]] = [
    record(.debug, 1, Array("hello".utf8)), event(.connected, 2),
    message("ping", [1, 2, 3, 4, 5, 6, 7, 8], 3),
    record(.control, 4, []), message("verack", 5), record(.error, 6, Array("alas".utf8)),
    message("pong", [8, 7, 6, 5, 4, 3, 2, 1], 7),
  ]

  static func coinscope(_ record: [UInt8]) -> [UInt8] {
    record.withUnsafeBytes {
      CoinscopeRecord.bytes(RecordHeader(checked: $0), body: UnsafeRawBufferPointer(rebasing: $0[32...]))!
    }
  }

  static func message(_ command: Command, _ sequence: UInt64) -> [UInt8] { message(command, [], sequence) }

  static func compressed(_ bytes: [UInt8]) -> [UInt8] {
    let compressor = ZstandardCompressor()
    var result: [UInt8] = []
    bytes.withUnsafeBytes { compressor.compress($0, to: &result) }
    compressor.endFrame(to: &result)
    return result
  }
}

/// The contents of a file.
struct Contents: Equatable {
  /// The records in native form.
  var records: [[UInt8]] = []
  /// The records' offsets.
  var offsets: [UInt64] = []
  /// The damage found.
  var damage: [LogDamage] = []

  init(_ path: String, format: ArchiveFormat? = nil, bufferCount: Int = 4096) throws {
    let file = try LogFile(path, format: format, bufferCount: bufferCount)
    while let piece = try file.next() {
      switch piece {
      case .damage(let found): damage.append(found)
      case .record(let record):
        var bytes: [UInt8] = []
        record.appendNative(to: &bytes)
        records.append(bytes)
        offsets.append(record.offset)
        #expect(record.number == UInt64(records.count))
        #expect(record.header.bodyCount == record.body.count)
      }
    }
  }
}
