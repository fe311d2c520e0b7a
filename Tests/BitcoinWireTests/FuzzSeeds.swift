import BitcoinWire
import Bytes
import Captures
import ControlProtocol
import Foundation
import FuzzTargets
import Observations

/// The seeds of `FuzzTarget`s.
enum FuzzSeeds {
  /// The folder to write seeds to; nil if the tests only read them.
  static let destination = ProcessInfo.processInfo.environment["NETMINE_SEEDS"]

  /// The seeds in the repository.
  static func committed(_ target: FuzzTarget) throws -> [[UInt8]] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try Seeds.read(folder: tests.appendingPathComponent("Fuzz/Seeds").path, target: target)
  }

  /// Seeds from our encoder, for inputs that no capture has.
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
    case "control": return control(endpoints)
    case "text":
      let others = ["[::ffff:1.2.3.4]:1", "fc00::1", "6hzph5hv6337r6p2.onion", "id9-0a0b:1", "verack"]
      let texts = endpoints.map(\.description) + others + ["\(Samples.genesisHeader.hash)"]
      return texts.map { Array($0.utf8) }
    case "escape":
      return ["/Satoshi:29.0.0(ü 漢)/", "\\\u{1b}[2J", "\u{202e}\u{e000}\u{2028}"].map { Array($0.utf8) }
        + [[0xed, 0xa0, 0x80, 0xc0, 0x80, 0xf4, 0x90]]
    default:
      return target.seeds
    }
  }

  /// Seeds from messages of real nodes: for each kind the shortest, the longest that is worth it, and some
  /// between.
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

  /// Frames of the control protocol: native requests, replies and events, and Coinscope requests.
  private static func control(_ endpoints: [Endpoint]) -> [[UInt8]] {
    var filter = ConnectionFilter()
    filter.networks = [.ipv4, .torV3]
    filter.ranges = [AddressRange("10.0.0.0/8")!, AddressRange("fc00::1")!]
    filter.userAgents = ["satoshi"]
    filter.services = .network
    filter.lackingServices = .bloom
    filter.direction = .inbound
    filter.states = [.open]
    filter.sample = 3
    var target = ConnectTarget(endpoints[0], local: endpoints[1])
    target.proxy = endpoints[0]
    target.services = .witness
    target.userAgent = Array("/x/".utf8)
    target.relay = true
    let requests: [ControlRequest] = [
      .hello(versions: 0...2, client: "x"), .registerMessage([1]), .listMessages, .forgetMessage(1),
      .connect([target] + endpoints.prefix(4).map { ConnectTarget($0) }), .disconnect(.filter(filter)),
      .send(SendRequest(.message([1, 2]), to: .connections([1, 2]), unchecked: true)),
      .send(SendRequest(.registered(1), to: .all)), .listConnections(after: 1, limit: 2, of: .filter(filter)),
      .statistics, .reload, .shutDown,
    ]
    var info = ConnectionInfo(
      id: 1,
      direction: .inbound,
      state: .open,
      remote: endpoints[0],
      local: endpoints[1],
      since: 1
    )
    info.introduction.userAgent = Array("/x/".utf8)
    let replies: [ControlReply] = [
      .hello(
        ServerHello(server: "x", networkName: "y", magic: 1, defaultPort: 2, instance: 3, reach: .machine)
      ),
      .messages([RegisteredMessage(id: 1, command: "inv", byteCount: 61)]), .connecting([1, 2]),
      .sending(count: 1, missing: [2]), .connections([info], next: 1), .statistics(ConnectorStatistics()),
      .reloaded("x"), .failure(ControlFailure(.limit, "x")),
    ]
    let introduction = PeerIntroduction(
      protocolVersion: 1,
      services: .network,
      userAgent: [1],
      startHeight: 2,
      relay: true
    )
    let events: [ControlEvent] = [
      .connected(1, local: endpoints[1], duration: 2), .handshaken(1, introduction, duration: 3),
      .connectFailed(1, Outcome(.failed, errorNumber: 2, .call(.bind))), .closed(1, Outcome(.commanded)),
      .sent(count: 1, lost: 2),
    ]
    let coinscope: [CoinscopeRequest] = [
      .registerMessage([1]), .getConnections, .disconnect(.all), .send(message: 1, .connections([2])),
      .register,
      .connect(remote: Endpoint("1.2.3.4:5")!, local: Endpoint("127.0.0.1:0")!),
    ]
    return requests.map { $0.frame(id: 7) } + replies.map { $0.frame(id: 7) } + events.map { $0.frame(id: 7) }
      + coinscope.map(\.frame)
  }
}
