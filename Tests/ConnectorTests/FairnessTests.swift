import BitcoinWire
import EventLoop
import LogProtocol
import TestSupport
import Testing

@testable import ConnectorCore
@testable import EventLoop

/// Quiet peers are not affected by peers that send as much as they can.
@Suite struct FairnessTests {
  private static let count = 20
  private let bench: Bench
  private let flooding: [RawClient]
  private let quiet: RawClient

  init() throws {
    let bench = try Bench(bitcoin: "max_inbound_per_address = 100; inbound_rate = 1000.0;")
    let peers = try (0...Self.count).map { _ in try bench.dialling() }
    for peer in peers { try bench.shake(peer) }
    self.bench = bench
    flooding = Array(peers.dropLast())
    quiet = peers.last!
  }

  private static func repeated(_ message: [UInt8], bytes: Int) -> [UInt8] {
    var flood: [UInt8] = []
    while flood.count < bytes { flood += message }
    return flood
  }

  /// Gives each flooding peer data to send.
  private func flood(_ bytes: [UInt8]) {
    for peer in flooding where peer.stream.unsentCount == 0 { peer.stream.write(bytes) }
  }

  /// Pings until the answer is there. Returns the number of bytes that the connector has read meanwhile.
  private func ping(_ nonce: UInt64, _ meanwhile: () -> Void = {}) throws -> Int {
    let before = bench.connector.statistics.bytesReceived
    quiet.received.removeAll()
    quiet.send(.ping(PingMessage(nonce: nonce)))
    try bench.loop.run {
      meanwhile()
      return quiet.commands.contains(.pong)
    }
    return Int(bench.connector.statistics.bytesReceived - before)
  }

  private static let announcement = Network.regtest.frame(
    .inv(InventoryMessage(items: [InventoryItem(.tx, .zero)]))
  )
  private static let announcements = Network.regtest.frame(
    "inv",
    payload: [0xfd, 0x50, 0xc3] + [UInt8](repeating: 1, count: 36 * 50_000)
  )

  /// One loop iteration for each step: the ping, the pong, and one to spare.
  @Test(arguments: [announcement, Network.regtest.frame(.ping(PingMessage(nonce: 7)))])
  func answersAtOnceBesidePeersThatFlood(with message: [UInt8]) throws {
    let start = bench.connector.statistics.bytesReceived
    let bytes = Self.repeated(message, bytes: 500_000)
    for nonce in 1...20 as ClosedRange<UInt64> {
      let read = try ping(nonce) { flood(bytes) }
      if nonce > 5 { #expect(read < 4 * ReadGate.turnShare) }
      for peer in flooding { peer.received = [] }
    }
    #expect(bench.connector.statistics.bytesReceived - start > 1 << 20)
  }

  /// A long message is read in pieces, in turns, and its sender is charged for hashing it.
  @Test func answersAtOnceBesidePeersThatSendLongMessages() throws {
    for nonce in 1...20 as ClosedRange<UInt64> {
      let read = try ping(nonce) { flood(Self.announcements) }
      if nonce > 5 { #expect(read < 3 * Self.announcements.count) }
    }
    try bench.loop.run {
      flood(Self.announcements)
      return bench.connector.statistics.bytesReceived > 10 * Self.announcements.count
    }
  }

  /// A little of each waiting stream is read before more of any.
  @Test func readsALittleOfEachFirst() throws {
    let gate = bench.connector.gate
    let reserve = gate.hasReserve
    gate.hasReserve = { false }
    gate.close()
    let bytes = Self.repeated(Self.announcement, bytes: 200_000)
    flood(bytes)
    try bench.loop.run { flooding.allSatisfy { $0.stream.unsentCount == 0 } }
    quiet.send(.ping(PingMessage(nonce: 1)))
    try bench.loop.run { quiet.stream.unsentCount == 0 }
    gate.hasReserve = reserve
    let id = bench.connector.connections.all.last!.id
    let first = bench.reader.headers.count
    gate.open()
    try bench.loop.run { quiet.commands.contains(.pong) }
    try bench.loop.run {
      bench.reader.headers.dropFirst(first).contains { $0.connection == id && $0.type == .message }
    }
    let before = bench.reader.headers.dropFirst(first).prefix { $0.connection != id }
    #expect(before.reduce(0) { $0 + $1.bodyCount } <= Self.count * ReadGate.lightRead + ReadGate.heavyRead)
    try bench.loop.run {
      bench.connector.statistics.bytesReceived > Self.count * bytes.count
    }
  }

  // MARK: While the log server is too slow

  @Test func readsOnlyPeersThatSayLittleWhileTheLogServerIsTooSlow() throws {
    let publisher = bench.connector.publisher
    let bytes = Self.repeated(Self.announcement, bytes: 500_000)
    flood(bytes)
    try bench.loop.run { bench.connector.statistics.bytesReceived > 1 << 20 }
    bench.connector.publisher(publisher, isCongested: true)
    #expect(!bench.connector.gate.isOpen)
    _ = try ping(0)
    let most = Self.count * ReadGate.lightRead
    // The quiet peer's messages are published and answered.
    for nonce in 1...20 as ClosedRange<UInt64> {
      #expect(try ping(nonce) { flood(bytes) } <= most)
    }
    let before = bench.connector.statistics.bytesReceived
    try bench.loop.run(for: 0.05)
    #expect(bench.connector.statistics.bytesReceived == before)
    bench.connector.publisher(publisher, isCongested: false)
    try bench.loop.run { bench.connector.statistics.bytesReceived > before + 1 << 20 }
  }

  @Test func readsNobodyWhenTheReserveIsUsedUp() throws {
    let gate = bench.connector.gate
    let reserve = gate.hasReserve
    gate.hasReserve = { false }
    bench.connector.publisher(bench.connector.publisher, isCongested: true)
    quiet.send(.ping(PingMessage(nonce: 1)))
    try bench.loop.run(for: 0.05)
    #expect(!quiet.commands.contains(.pong))
    gate.hasReserve = reserve
    bench.connector.publisher(bench.connector.publisher, isCongested: false)
    try bench.loop.run { quiet.commands.contains(.pong) }
  }
}
