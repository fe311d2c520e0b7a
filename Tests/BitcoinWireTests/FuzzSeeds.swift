import BitcoinWire
import Bytes
import Captures
import Foundation
import FuzzTargets

/// Inputs that `FuzzTarget`s begin with.
enum FuzzSeeds {
  /// Where to write them; nil where they are only read.
  static let destination = ProcessInfo.processInfo.environment["NETMINE_SEEDS"]

  /// The inputs in the repository.
  static func committed(_ target: FuzzTarget) throws -> [[UInt8]] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try Seeds.read(folder: tests.appendingPathComponent("Fuzz/Seeds").path, target: target)
  }

  /// Inputs that our encoder writes, for what no capture has.
  static func written(_ target: FuzzTarget) -> [[UInt8]] {
    let messages = Samples.messages
    let endpoints = Samples.nodes.map(\.endpoint) + [Samples.onion, Samples.i2p].map { Endpoint($0)! }
    switch target.name {
    case "framer":
      let framed = messages.map { Network.mainnet.frame($0) }
      let stream = Array(framed.joined().prefix(target.maximumLength))
      return [stream, framed[0] + framed[1], Array(framed[0].dropLast())]
    case "command":
      return messages.filter { !Message.decodedCommands.contains($0.command) }
        .map { $0.command.bytes + $0.payload }
    case "address":
      return endpoints.flatMap { endpoint in
        var bip155: [UInt8] = []
        endpoint.address.append(to: &bip155)
        var legacy: [UInt8] = []
        endpoint.address.appendLegacy(to: &legacy)
        var ours: [UInt8] = []
        ours.appendEndpoint(endpoint)
        return [bip155, legacy, ours]
      }
    case "text":
      let others = ["[::ffff:1.2.3.4]:1", "fc00::1", "6hzph5hv6337r6p2.onion", "id9-0a0b:1", "verack"]
      let texts = endpoints.map(\.description) + others + ["\(Samples.genesisHeader.hash)"]
      return texts.map { Array($0.utf8) }
    case "escape":
      return ["/Satoshi:29.0.0(ü 漢)/", "\\\u{1b}[2J", "\u{202e}\u{e000}\u{2028}"].map { Array($0.utf8) }
        + [[0xed, 0xa0, 0x80, 0xc0, 0x80, 0xf4, 0x90]]
    default:
      return messages.filter { $0.command == target.command }.map(\.payload)
        .filter { $0.count <= target.maximumLength }
    }
  }

  /// Inputs out of what real nodes said: of each kind the shortest, the longest that is worth it, and some between.
  static func captured(_ target: FuzzTarget) throws -> [(source: String, inputs: [[UInt8]])] {
    try ["inv", "bip144", "cache"].map { name in
      let capture = try Samples.file("captures/\(name).pcap")
      let streams = try CapturedStream.read(capture, magic: Network.mainnet.magicBytes).map(\.bytes)
      var inputs: Set<[UInt8]> = []
      for stream in streams {
        if target.name == "framer", stream.count <= 512 { inputs.insert(stream) }
        var offset = 0
        while case .message(let header, let total, true) = Network.mainnet.framer.next(
          in: stream.span.bytes.extracting(offset...)
        ) {
          let payload = Array(stream[(offset + MessageHeader.size)..<(offset + total)])
          if header.command == target.command, payload.count <= 1024 { inputs.insert(payload) }
          offset += total
        }
      }
      return ("From \(name).pcap of ayeowch/bitnodes, tests/data (MIT).", spread(inputs, most: 6))
    }
  }

  /// `most` of the inputs, spread over their lengths.
  private static func spread(_ inputs: Set<[UInt8]>, most: Int) -> [[UInt8]] {
    let sorted = inputs.sorted { ($0.count, Hexadecimal.text($0)) < ($1.count, Hexadecimal.text($1)) }
    guard sorted.count > most else { return sorted }
    return (0..<most).map { sorted[$0 * (sorted.count - 1) / (most - 1)] }
  }
}
