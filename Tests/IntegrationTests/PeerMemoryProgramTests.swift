import BitcoinWire
import Bytes
import EventLoop
import Foundation
import Glibc
import LogProtocol
import TestSupport
import Testing

/// The connector as a process whose peers together need far more memory than it may use for them.
@Suite(.serialized) struct PeerMemoryProgramTests {
  /// A seeded random number generator (SplitMix64 by Steele, Lea and Flood).
  private struct Chance: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
      return mixed ^ mixed >> 31
    }
  }

  /// Peers' actions in one step.
  private enum Step: String, CaseIterable {
    case grow, growAllAtOnce, little, middling, finish, pingAndNotRead, read, leave
  }

  /// The peers of one connector. They reconnect when they are closed.
  private final class Crowd {
    static let messageCount = 4_000_000
    static let size = 80

    let loop = EventLoop()
    let address: SocketAddress
    var peers: [RawClient] = []
    /// Bytes of an unfinished message that each peer has sent.
    var sent: [Int] = []
    var chance: Chance
    /// The number of times that a peer was closed and reconnected.
    var returnCount = 0
    private let message: ChunkSlice
    private let pings: ChunkSlice
    private let greeting: [UInt8]

    init(_ address: SocketAddress, seed: UInt64) throws {
      self.address = address
      chance = Chance(state: seed)
      let version = VersionMessage(
        version: 70016,
        services: [],
        time: 0,
        nonce: 1,
        userAgent: Array("/crowd:1/".utf8),
        startHeight: 0,
        relay: true
      )
      greeting = Network.simnet.frame(.version(version)) + Network.simnet.frame(.verack)
      message = Self.slice(
        Network.simnet.frame(
          "x",
          payload: [UInt8](repeating: 7, count: Self.messageCount - MessageHeader.size)
        )
      )
      let ping = Network.simnet.frame(.ping(PingMessage(nonce: 1)))
      pings = Self.slice(Array(repeatElement(ping, count: 32_768).joined()))
      for _ in 0..<Self.size {
        peers.append(try connect())
        sent.append(0)
      }
    }

    private static func slice(_ bytes: [UInt8]) -> ChunkSlice {
      let chunk = Chunk(capacity: bytes.count)
      bytes.withUnsafeBytes {
        UnsafeMutableRawPointer(chunk.base).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
      }
      return ChunkSlice(chunk, 0..<bytes.count)
    }

    private func connect() throws -> RawClient {
      let peer = try RawClient(address, from: .ipv4(0x7f00_0002, port: 0), on: loop)
      peer.stream.write(greeting)
      return peer
    }

    /// Sends `count` more bytes of a peer's message, or the rest of it.
    private func send(_ count: Int, by index: Int) {
      let end = min(sent[index] + count, Self.messageCount)
      peers[index].stream.write(ChunkSlice(message.chunk, sent[index]..<end))
      sent[index] = end == Self.messageCount ? 0 : end
    }

    /// Lets some peers take a step. `hold` stops the connector meanwhile, so that it finds all the bytes at
    /// once.
    func take(_ step: Step, hold: (() -> Void) -> Void) throws {
      let some = peers.indices.shuffled(using: &chance).prefix(Int.random(in: 10...Self.size, using: &chance))
      switch step {
      case .grow: for index in some { send(.random(in: 1...600_000, using: &chance), by: index) }
      case .growAllAtOnce:
        hold {
          for index in some { send(.random(in: 1_000_000...3_000_000, using: &chance), by: index) }
          flush()
        }
      case .little:
        for index in some where sent[index] == 0 { send(.random(in: 24...4096, using: &chance), by: index) }
      case .middling: for index in some { send(.random(in: 5000...60_000, using: &chance), by: index) }
      case .finish: for index in some where sent[index] > 0 { send(Self.messageCount, by: index) }
      case .pingAndNotRead:
        for index in some.prefix(20) {
          if sent[index] > 0 { send(Self.messageCount, by: index) }
          peers[index].stream.pause()
          for _ in 0..<3 { peers[index].stream.write(pings) }
        }
      case .read: for peer in peers where peer.stream.isOpen { peer.stream.resume() }
      case .leave: for index in some { peers[index].close("leaves") }
      }
      try settle()
      for index in peers.indices where peers[index].isClosed {
        peers[index] = try connect()
        sent[index] = 0
        returnCount += 1
      }
      for peer in peers { peer.received.removeAll() }
      try settle()
    }

    private func flush() {
      for peer in peers where peer.stream.isOpen { peer.stream.flush() }
    }

    /// Waits until a new connection has been answered and no more bytes are read. All earlier bytes have then
    /// been read, or wait for their turn.
    private func settle() throws {
      let probe = try connect()
      var taken: UInt64 = 0
      var turns = 0
      try loop.run(timeout: 60) {
        let now = peers.reduce(0) { $0 + $1.stream.bytesSent }
        turns = now == taken ? turns + 1 : 0
        taken = now
        return probe.received.count > 24 && turns > 20 || probe.isClosed
      }
      probe.close("seen")
    }
  }

  private func memory(_ field: String, of program: Program) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(program.id)/status", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix(field + ":") }!
    return Int(line.split(separator: " ").dropLast().last!)! << 10
  }

  /// Whatever peers do, the process stays within the bound plus 64 MiB, and returns memory that it no longer
  /// uses.
  @Test(.timeLimit(.minutes(3)), arguments: [1, 2] as [UInt64])
  func staysWithinItsBoundWhateverPeersDo(_ seed: UInt64) throws {
    let bound = 32 << 20
    let slack = 64 << 20
    let deployment = Deployment()
    try deployment.startLogServer(["logger.archive_grace=0.0"])
    let connector = try deployment.startConnector([
      "connector.bitcoin.listeners=((\"AF_INET\", \"127.0.0.1\", 0, 128))", "connector.log_buffer=\(8 << 20)",
      "connector.peer_memory=\(bound)", "connector.bitcoin.inbound_rate=0.0",
      "connector.bitcoin.max_inbound_per_address=1000",
    ])
    try connector.wait(forError: "joined the log server")
    let line = connector.errors.split(separator: "\n").first { $0.contains("listening for peers") }!
    let crowd = try Crowd(SocketAddress(String(line.split(separator: "=").last!))!, seed: seed)
    var steps: [Step] = []
    for _ in 0..<12 {
      steps.append(Step.allCases.randomElement(using: &crowd.chance)!)
      try crowd.take(steps.last!) { work in
        connector.signal(SIGSTOP)
        work()
        connector.signal(SIGCONT)
      }
      let peak = try memory("VmHWM", of: connector)
      #expect(peak <= bound + slack, "\(peak >> 20) MiB after \(steps.map(\.rawValue))")
      guard peak <= bound + slack else { break }
    }
    print(
      "seed \(seed): peak \(try memory("VmHWM", of: connector) >> 20) MiB, \(crowd.returnCount) came again"
    )
    for peer in crowd.peers { peer.close("done") }
    try connector.wait(for: "memory to be returned") { try memory("VmRSS", of: connector) <= slack }
    connector.signal(SIGTERM)
    #expect(try connector.wait() == 0)
  }
}
