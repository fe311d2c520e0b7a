import BitcoinWire
import Bytes
import EventLoop
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import LogServerCore

/// The subscriptions of readers.
@Suite struct SubscribingTests {
  func publish(_ publisher: LogPublisher, _ command: Command, sent: Bool = false, connection: UInt32 = 1) {
    publisher.publish(
      .message,
      flags: sent ? .sent : [],
      connection: connection,
      at: 1,
      body: Network.regtest.frame(command, payload: [1])
    )
  }

  @Test func changesWhatAReaderGetsOnTheWay() throws {
    let bench = try Bench()
    let reader = bench.reader(Subscription(types: .error))
    let all = bench.reader()
    let publisher = bench.publisher()
    let other = bench.publisher()
    try bench.loop.run { publisher.isJoined && other.isJoined && reader.metas.count == 2 }
    func resubscribe(_ change: (inout Subscription) -> Void) throws {
      var subscription = Subscription()
      change(&subscription)
      reader.subscriber.subscription = subscription
      // Records read in the same loop iteration may still be selected by the old subscription.
      let before = bench.server?.status.records ?? 0
      try bench.loop.run(for: 0.02)
      publish(publisher, "inv")
      publish(publisher, "tx", sent: true)
      publish(publisher, "tx", connection: 2)
      publish(other, "inv", connection: 2)
      publisher.publish(.error, text: "x")
      try bench.loop.run {
        bench.server?.status.records == before + 5 && publisher.isSettled && other.isSettled
      }
      try bench.loop.run { all.numbered.count == Int(before) + 5 }
    }
    func got(_ change: (inout Subscription) -> Void) throws -> [String] {
      let before = reader.numbered.count
      try resubscribe(change)
      try bench.loop.run(for: 0.02)
      return reader.numbered[before...].map { header in
        let place = header.source == publisher.source ? "" : "other "
        return
          "\(place)\(header.type.name) \(header.connection)\(header.flags.contains(.sent) ? " sent" : "")"
      }
    }
    let inv = "bitcoin_msg 1"
    let sent = "bitcoin_msg 1 sent"
    let second = "bitcoin_msg 2"
    let foreign = "other bitcoin_msg 2"
    let error = "error 0"
    #expect(Set(try got { _ in }) == [inv, sent, second, foreign, error])
    #expect(try got { $0.types = .error } == [error])
    #expect(Set(try got { $0.wantsSent = false }) == [inv, second, foreign, error])
    #expect(Set(try got { $0.wantsReceived = false }) == [sent, error])
    #expect(Set(try got { $0.commands = ["tx"] }) == [sent, second, error])
    #expect(Set(try got { $0.sources = [other.source] }) == [foreign])
    #expect(Set(try got { $0.connections = [2] }) == [second, foreign])
    #expect(
      Set(
        try got {
          $0.commands = ["tx"]; $0.connections = [1]; $0.types = .message
        }
      ) == [sent]
    )
    #expect(all.losses.isEmpty && reader.losses.isEmpty)
  }

  /// An archive that subscribes again and again, each time with other unknown instances.
  @Test func keepsOfPositionsOnlyTheLatestAndThoseOfSourcesThatItKnows() throws {
    let bench = try Bench("archive_grace = 60.0;")
    let identity = SourceIdentity()
    let publisher = bench.publisher(identity: identity)
    let archive = try bench.raw("subscribe")
    var subscription = Subscription()
    subscription.isArchiving = true
    func subscribe(_ instances: [UInt64]) {
      let positions = instances.map { ArchivePosition(instance: $0, source: 7, sequence: 1) }
      archive.stream.write(LinkMessage.subscribe(subscription, positions: positions).record(at: 1))
    }
    subscribe([])
    try bench.loop.run { bench.server?.status.archivingReaders == 1 && publisher.isJoined }
    publisher.publish(.debug, text: "1")
    publisher.publish(.debug, text: "2")
    let reader = try #require(bench.server?.readers.first)
    try bench.loop.run { reader.queued == [identity.instance: 2] }
    for round in 1...20 as ClosedRange<UInt64> {
      subscribe((0..<100).map { 1000 * round + $0 })
      try bench.loop.run { reader.acknowledged[1000 * round] == 1 }
    }
    #expect(reader.queued.count == 101 && reader.acknowledged.count == 100)
    #expect(reader.queued[identity.instance] == 2)
  }

  @Test func forgetsHowFarAnArchiveIsWithSourcesThatSaidGoodbye() throws {
    let bench = try Bench("archive_grace = 60.0;")
    let archive = bench.reader(archiving: true)
    try bench.loop.run { bench.server?.status.archivingReaders == 1 }
    let reader = try #require(bench.server?.readers.first)
    let count: UInt64 = 1100
    for instance in 1...count {
      let (source, id) = try PublisherFaultTests().join(bench, instance: instance)
      let goodbye = LinkMessage.goodbye.record(at: 1)
      source.stream.write(PublisherFaultTests.record(id, 1, bodyCount: 1) + goodbye)
      try bench.loop.run { reader.acknowledged.count > 0 && source.isClosed }
    }
    #expect(archive.numbered.count == count)
    #expect(reader.queued.count <= 1025)
    try bench.loop.run { reader.acknowledged.count <= 1025 }
  }

  @Test func carriesTheStreamOverTCPWhereThatIsConfigured() throws {
    let bench = try Bench(
      "archive_grace = 60.0; publish_listen = \"127.0.0.1:0\"; subscribe_listen = \"127.0.0.1:0\";"
    )
    let addresses = bench.server!.listeners.map(\.address).filter {
      if case .ipv4(0x7f00_0001, port: _) = $0 { true } else { false }
    }
    try #require(addresses.count == 2)
    let reader = RecordCollector()
    var subscription = Subscription()
    subscription.isArchiving = true
    reader.subscriber = LogSubscriber(to: addresses[1], subscription, on: bench.loop, handler: reader)
    let publisher = LogPublisher(
      to: addresses[0],
      as: SourceDescription(instance: 5, process: 1, kind: "test", name: "", version: "1"),
      limit: 64 << 20,
      on: bench.loop
    )
    for index in 0..<500 {
      publisher.publish(.debug, at: 1, body: [UInt8](repeating: UInt8(index % 256), count: index * index))
    }
    try bench.loop.run(timeout: 30) { reader.numbered.count == 500 && publisher.isSettled }
    #expect(reader.numbered.map(\.bodyCount) == (0..<500).map { $0 * $0 })
  }

  @Test func listensOnUnixSocketsOnlyByDefault() throws {
    let bench = try Bench()
    let isUnix = bench.server!.listeners.map { listener in
      if case .unix = listener.address { true } else { false }
    }
    #expect(isUnix.count == 10)
    #expect(!isUnix.contains(false))
  }
}
