import BitcoinWire
import Bytes
import EventLoop
import LogProtocol
import Observations
import TestSupport

let peer = Endpoint("127.1.2.3:8333")!
let us = Endpoint("127.0.0.1:40000")!

/// Makes test records.
enum Records: MadeUpRecords {
  static let source: UInt32 = 1_700_000_000

  static func time(_ sequence: UInt64) -> UInt64 { sequence }

  static func description(_ instance: UInt64, kind: String = "connector") -> SourceDescription {
    SourceDescription(instance: instance, process: 77, kind: kind, name: "", version: "1")
  }

  static func joined(_ instance: UInt64 = 42, as source: UInt32 = source) -> [UInt8] {
    meta(.sourceJoined(source: source, description(instance)))
  }

  static func meta(
    _ body: MetaBody,
    source: UInt32 = 0,
    sequence: UInt64 = 0,
    time: UInt64 = 5,
    connection: UInt32 = 0
  ) -> [UInt8] {
    record(.meta, sequence, body.body, source: source, time: time, connection: connection)
  }

  static func text(_ sequence: UInt64, _ text: String = "hello", source: UInt32 = source) -> [UInt8] {
    record(.debug, sequence, Array(text.utf8), source: source)
  }

  static func event(
    _ code: ConnectionEvent.Code,
    _ sequence: UInt64,
    connection: UInt32 = 1,
    userAgent: [UInt8] = []
  ) -> [UInt8] {
    let event = ConnectionEvent(code, .outbound, remote: peer, local: us, peer: .userAgent(userAgent))
    return record(.connection, sequence, event.body, connection: connection)
  }

  static func message(
    _ command: Command,
    _ payload: [UInt8],
    _ sequence: UInt64,
    flags: RecordFlags = [],
    time: UInt64? = nil,
    connection: UInt32 = 1,
    checksum: UInt32? = nil,
    network: Network = .mainnet
  ) -> [UInt8] {
    var header = MessageHeader(magic: network.magic, command: command, payload: payload.span.bytes)
    if let checksum { header.checksum = checksum }
    var body: [UInt8] = []
    header.append(to: &body)
    return record(.message, sequence, body + payload, flags: flags, time: time, connection: connection)
  }

  /// A record as words, for comparing.
  static func words(_ header: RecordHeader, _ body: UnsafeRawBufferPointer) -> String {
    guard header.type == .meta, let meta = try? MetaBody(body.bytes) else {
      return "\(header.type.name) \(header.sequence)"
    }
    switch meta {
    case .sourceJoined(_, let description): return "joined \(description.instance)"
    case .sourceLeft: return "left"
    case .openConnection: return "open \(header.connection)"
    case .gap(let gap): return "gap \(gap.sequences) \(gap.cause)"
    case .clock: return "clock"
    case .rotation(let mark):
      return (["mark"] + mark.positions.map { "\($0.instance):\($0.sequence)" }).joined(separator: " ")
    }
  }

  /// All whole records in some bytes, as words.
  static func words(_ bytes: [UInt8]) throws -> [String] {
    try bytes.withUnsafeBytes { bytes in
      var cursor = RecordCursor(bytes)
      var result: [String] = []
      while let (header, range) = try cursor.next() {
        result.append(words(header, UnsafeRawBufferPointer(rebasing: bytes[range].dropFirst(32))))
      }
      return result
    }
  }
}

extension ChunkSlice {
  /// A chunk with a copy of some bytes.
  init(copying bytes: [UInt8]) {
    let chunk = Chunk(capacity: bytes.count)
    bytes.withUnsafeBytes { chunk.base.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    self.init(chunk, 0..<bytes.count)
  }
}
