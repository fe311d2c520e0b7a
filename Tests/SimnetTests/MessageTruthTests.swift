import BitcoinWire
import Bytes
import EventLoop
import Glibc
import LogFiles
import LogProtocol
import Observations
import Testing

@testable import SimnetCore

/// The file of every message to and from observers.
@Suite struct MessageTruthTests {
  /// A record read back from the file.
  struct Entry {
    var header: RecordHeader
    var body: [UInt8]
  }

  static func entries(_ path: String) throws -> [Entry] {
    let file = try LogFile(path)
    var entries: [Entry] = []
    while let piece = try file.next() {
      guard case .record(let record) = piece else {
        Issue.record("\(piece) is not a record")
        continue
      }
      entries.append(Entry(header: record.header, body: Array(record.body)))
    }
    return entries
  }

  static func event(_ entry: Entry) throws -> ConnectionEvent { try ConnectionEvent(entry.body.span.bytes) }

  @Test(arguments: [true, false]) func hasEveryMessage(keepsPayloads: Bool) throws {
    let path = "/tmp/simnet-messages-\(getpid())-\(Clock.monotonic())"
    defer { unlink(path) }
    let loop = EventLoop()
    var settings = SimnetSettings.small()
    settings.keepsPayloads = keepsPayloads
    let stage = try Stage(settings, loop: loop, messagesPath: path)
    let before = Clock.now()
    let observer = try stage.observe(0, .wtxidrelay, .sendaddrv2)
    observer.send(.ping(PingMessage(nonce: 7)), .getaddr)
    try stage.run { observer.commands.contains(.inv) && observer.commands.contains(.addrv2) }
    let local = Endpoint(Socket.localAddress(of: try #require(observer.stream).descriptor))
    observer.stream?.close(.closed("enough"))
    try stage.run { stage.simnet.statistics.sessions == 0 }
    stage.simnet.close()

    let entries = try Self.entries(path)
    #expect(entries.map(\.header.sequence) == (1...UInt64(entries.count)).map(\.self))
    let opening = try Self.event(entries[0])
    #expect(opening.code == .accepted && opening.remote == local && opening.local == stage.node.endpoint)
    let ending = try Self.event(try #require(entries.last))
    #expect([.closedByPeer, .resetByPeer].contains(ending.code))
    let messages = entries.dropFirst().dropLast()
    #expect(messages.allSatisfy { $0.header.type == .message && $0.header.connection == 1 })
    #expect(messages.allSatisfy { $0.header.time >= before && $0.header.time <= Clock.now() })
    let sent = messages.filter { $0.header.flags.contains(.sent) }
    #expect(sent.count >= observer.messages.count)
    for (entry, message) in zip(sent, observer.messages) {
      let frame = Network.simnet.frame(message)
      #expect(entry.body == (keepsPayloads ? frame : Array(frame.prefix(24))))
      #expect(entry.header.flags.contains(.truncated) == (!keepsPayloads && frame.count > 24))
    }
    let received = messages.filter { !$0.header.flags.contains(.sent) }
    #expect(
      received.map { Stranger.header($0.body).command } == [
        .version, .wtxidrelay, .sendaddrv2, .verack, .ping, .getaddr,
      ]
    )
  }

  @Test func hasWhatUnpleasantNodesSayAsFarAsItIsMessages() throws {
    let path = "/tmp/simnet-messages-\(getpid())-\(Clock.monotonic())"
    defer { unlink(path) }
    var settings = SimnetSettings.small(nodes: 3)
    settings.neighbours = try #require(NeighbourShares("overlong=1"))
    let stage = try Stage(settings, messagesPath: path)
    let stranger = try NeighbourTests.befriend(stage)
    try stage.run { stranger.rest.count == 124 }
    stage.simnet.close()
    let sent = try Self.entries(path).filter { $0.header.type == .message && $0.header.flags.contains(.sent) }
    #expect(sent.map { Stranger.header($0.body).command } == [.version, .sendaddrv2, .verack])
    #expect(sent.flatMap(\.body) == Array(stranger.bytes.dropLast(124)))
  }

  @Test func holdsMessagesOfEverySize() throws {
    let path = "/tmp/simnet-messages-\(getpid())-\(Clock.monotonic())"
    defer { unlink(path) }
    let truth = try MessageTruth(path: path, wantsPayloads: true)
    let peer = Endpoint(.ipv4(0x7f00_0001), port: 1)
    var trail = MessageTrail(truth, 1, at: peer, with: peer, .inbound)
    let sizes = [0, 1, 70_000, 1_048_000, 1_048_576, 3_999_999, 5]
    let frames = sizes.map {
      Network.simnet.frame("x", payload: [UInt8](repeating: UInt8($0 & 0xff), count: $0))
    }
    #expect(trail.sent(frames.flatMap(\.self)) == sizes.count)
    trail.stamp()
    try truth.flush()
    #expect(try Self.entries(path).dropFirst().map(\.body) == frames)
  }
}
