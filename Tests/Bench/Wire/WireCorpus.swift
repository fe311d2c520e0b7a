import BitcoinWire
import Bytes
import Captures
import Foundation

/// The input of the wire benchmarks: messages of real nodes and, if the captures have too few, messages made
/// of real addresses.
struct WireCorpus {
  /// A stream of small messages, `inv`, `addr` and `tx`, framed for the main network.
  let stream: [UInt8]

  /// The payloads of the stream in order.
  let streamPayloads: [[UInt8]]

  /// Payloads by command.
  let payloads: [Command: [[UInt8]]]

  /// Reads the captures, the block and the seeds from the folder with real inputs.
  init(folder: String) throws {
    func file(_ name: String) throws -> [UInt8] {
      Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }
    var payloads: [Command: [[UInt8]]] = [:]
    for name in ["cache", "inv", "bip144"] {
      let capture = try file("captures/\(name).pcap")
      for stream in try CapturedStream.read(capture, magic: Network.mainnet.magicBytes) {
        for (command, payload) in Self.messages(stream.bytes) {
          payloads[command, default: []].append(payload)
        }
      }
    }
    let block = try file("blocks/block413567.raw")
    payloads[.block] = [block]
    // The captures have only one transaction, so add those of the block.
    payloads[.tx, default: []] += try Block(block.span.bytes).transactions.map(\.bytes)
    streamPayloads = [.inv, .addr, .tx].flatMap { payloads[$0] ?? [] }.filter { $0.count <= 1000 }
    stream = [.inv, .addr, .tx].flatMap { command in
      (payloads[command] ?? []).filter { $0.count <= 1000 }.flatMap {
        Network.mainnet.frame(command, payload: $0)
      }
    }
    // Answers to getaddr make up most bytes, but the captures have none.
    let seeds = String(decoding: try file("seeds/nodes_main.txt"), as: UTF8.self)
    let nodes = seeds.split(separator: "\n").compactMap { line -> KnownNode? in
      Endpoint(String(line.prefix { $0 != " " && $0 != "#" }), defaultPort: nil).map {
        KnownNode(time: 1_700_000_000, services: [.network, .witness, .networkLimited], endpoint: $0)
      }
    }
    payloads[.addrv2] = [AddrV2Message(nodes: Array(nodes.prefix(1000))).bytes]
    let old = nodes.filter { $0.endpoint.address.hasLegacyForm }
    payloads[.addr] = [AddrMessage(nodes: Array(old.prefix(1000))).bytes]
    payloads[.version] = [
      VersionMessage(
        version: 70016,
        services: [.network, .witness, .networkLimited, .p2pV2],
        time: 1_760_000_000,
        nonce: 0x0102_0304_0506_0708,
        userAgent: Array("/Satoshi:29.0.0/".utf8),
        startHeight: 900_001,
        relay: true
      ).bytes
    ]
    self.payloads = payloads
  }

  private static func messages(_ stream: [UInt8]) -> [(Command, [UInt8])] {
    var messages: [(Command, [UInt8])] = []
    var offset = 0
    while case .message(let header, let total, true) = Network.mainnet.framer.next(
      in: stream.span.bytes.extracting(offset...)
    ) {
      messages.append((header.command, Array(stream[(offset + MessageHeader.size)..<(offset + total)])))
      offset += total
    }
    return messages
  }

  /// Writes payloads to a file, each after its length (4 bytes little-endian).
  func write(_ payloads: [[UInt8]], to path: String) throws {
    var bytes: [UInt8] = []
    for payload in payloads {
      bytes.appendLittle(UInt32(payload.count))
      bytes += payload
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}
