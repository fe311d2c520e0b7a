import BitcoinWire
import Bytes
import Captures
import Foundation
import LogProtocol
import Observations

/// An archive for measurements, of one source with many connections, plain and compressed.
struct FilesArchive {
  /// The plain file's path.
  let path: String

  /// The compressed file's path.
  var compressedPath: String { path + ".zst" }

  /// Bytes of the plain file.
  let size: Int

  /// The number of records.
  let recordCount: Int

  /// Writes the archive.
  ///
  /// - Parameters:
  ///   - megabytes: the minimum size.
  ///   - data: the folder with real inputs, whose messages are repeated; nil for made-up messages.
  init(in folder: String, megabytes: Int, data: String?) throws {
    path = folder + "archive.log"
    var writer = try Writer(path, messages: try data.map(Self.captured) ?? Self.madeUp())
    try writer.write(atLeast: megabytes * 1_000_000)
    size = writer.size
    recordCount = writer.recordCount
    _ = try FilesRun(["/usr/bin/env", "zstd", "-q", "-3", path, "-o", path + ".zst"])
  }

  /// Messages of real nodes in their order, and the transactions of a block, as the captures have only one.
  private static func captured(_ folder: String) throws -> [[UInt8]] {
    func file(_ name: String) throws -> [UInt8] {
      Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }
    var said: [[UInt8]] = []
    for name in ["cache", "inv", "bip144"] {
      let capture = try file("captures/\(name).pcap")
      for stream in try CapturedStream.read(capture, magic: Network.mainnet.magicBytes) {
        said += stream.messages(of: .mainnet).messages.map(\.bytes)
      }
    }
    let bytes = try file("blocks/block413567.raw")
    let block = try Block(bytes.span.bytes)
    return said + block.transactions.map { Network.mainnet.frame("tx", payload: $0.bytes) }
  }

  /// Made-up messages of the most frequent kinds: announcements, addresses, transactions, pings.
  private static func madeUp() -> [[UInt8]] {
    (0..<1000).map { index in
      let message = madeUp(index)
      return Network.mainnet.frame(message.command, payload: message.payload)
    }
  }

  private static func madeUp(_ index: Int) -> Message {
    switch index % 8 {
    case 0: return .addr(AddrMessage(nodes: (0..<10).map { _ in madeUpNode() }))
    case 1, 2:
      let input = TransactionInput(previous: OutPoint(txid: madeUpHash(), index: 1), script: bytes(107))
      let output = TransactionOutput(value: 12_345_678, script: bytes(25))
      return .tx(Transaction(version: 2, inputs: [input], outputs: [output, output], lockTime: 0))
    case 3: return .ping(PingMessage(nonce: .random(in: 0 ... .max)))
    default:
      return .inv(InventoryMessage(items: (0...index % 35).map { _ in InventoryItem(.wtx, madeUpHash()) }))
    }
  }

  private static func madeUpNode() -> KnownNode {
    let endpoint = Endpoint(.ipv4(.random(in: 0x1000_0000...0xdfff_ffff)), port: 8333)
    return KnownNode(time: 1_700_000_000, services: [.network, .witness], endpoint: endpoint)
  }

  private static func madeUpHash() -> Hash256 { Hash256(Bytes32(bytes(32))!) }

  private static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: 0...255) } }
}

/// Writes an archive as `verbatim` would: the source, the connections, and messages, in order and numbered.
private struct Writer {
  private(set) var size = 0
  private(set) var recordCount = 0
  private let messages: [[UInt8]]
  private let output: FileHandle
  private var bytes: [UInt8] = []
  private var time: UInt64 = 1_760_000_000_000_000_000
  private var sequence: UInt64 = 0

  private static let source: UInt32 = 1_760_000_000
  private static let connectionCount: UInt32 = 1000

  init(_ path: String, messages: [[UInt8]]) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let output = FileHandle(forWritingAtPath: path)
    else { throw IOError("create \(path)") }
    self.output = output
    self.messages = messages
  }

  mutating func write(atLeast count: Int) throws {
    bytes += StreamPreamble.bytes(createdAt: time)
    let description = SourceDescription(
      instance: 1,
      process: 1,
      kind: "connector",
      name: "",
      version: ""
    )
    let joined = MetaBody.sourceJoined(source: Self.source, description).body
    bytes += RecordHeader(type: .meta, time: time, bodyCount: joined.count).record(body: joined)
    recordCount += 1
    for connection in 1...Self.connectionCount {
      for code in [ConnectionEvent.Code.connected, .handshaken] {
        append(.connection, connection: connection, Self.event(code, of: connection))
      }
    }
    var index = 0
    while size + bytes.count < count {
      append(.message, connection: UInt32(index) % Self.connectionCount + 1, messages[index % messages.count])
      index += 1
      if bytes.count > 1 << 20 { try flush() }
    }
    try flush()
    try output.close()
  }

  /// The body of a connection event as programs before 0.2 wrote it, so that they can be measured for
  /// comparison.
  private static func event(_ code: ConnectionEvent.Code, of connection: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBig(code.rawValue)
    bytes.append(Direction.outbound.rawValue)
    bytes.appendEndpoint(Endpoint(.ipv4(0x0a00_0000 + connection), port: 8333))
    bytes.appendEndpoint(Endpoint(.ipv4(0x7f00_0001), port: 40_000))
    bytes.appendBig(UInt32(0))
    bytes.appendBig(UInt64(0))
    bytes.appendPrefixed([])
    bytes.appendPrefixed(code == .handshaken ? Array("/Satoshi:29.0.0/".utf8) : [])
    bytes.appendPrefixed([])
    return bytes
  }

  private mutating func append(_ type: RecordType, connection: UInt32, _ body: [UInt8]) {
    time += 25_000
    sequence += 1
    recordCount += 1
    bytes += RecordHeader(
      type: type,
      source: Self.source,
      time: time,
      sequence: sequence,
      connection: connection,
      bodyCount: body.count
    ).record(body: body)
  }

  private mutating func flush() throws {
    try output.write(contentsOf: Data(bytes))
    size += bytes.count
    bytes.removeAll(keepingCapacity: true)
  }
}
