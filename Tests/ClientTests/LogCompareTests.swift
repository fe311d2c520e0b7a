import BitcoinWire
import Bytes
import Foundation
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import Commands
@testable import LogCommands

/// `netmine log compare`: compares an archive with the records of the other ends of its connections.
@Suite struct LogCompareTests {
  static let start: UInt64 = 1_700_000_000_000_000_000
  static let node = Endpoint("127.16.0.1:18555")!
  static let observer = Endpoint("127.0.0.1:40000")!

  /// A message that one end has, and that the other may have.
  struct Exchange {
    var number: UInt64
    var isToObserver = true
    var size = 32
    /// Delay from the sender's record to the receiver's, in ns.
    var delay: UInt64 = 20_000
    var flags: RecordFlags = []

    var bytes: [UInt8] {
      Network.simnet.frame(
        "inv",
        payload: (0..<size).map { UInt8(truncatingIfNeeded: UInt64($0) &* 7 &+ number) }
      )
    }

    var time: UInt64 { LogCompareTests.start + number * 1_000_000 }

    func record(inTruth: Bool, connection: UInt32, cut: Bool = false) -> [UInt8] {
      var body = bytes
      // At the sending end the record has the flag `sent`.
      var flags: RecordFlags = isToObserver == inTruth ? .sent : self.flags
      if cut {
        body = Array(body.prefix(24))
        flags.insert(.truncated)
      }
      let isSender = isToObserver == inTruth
      return RecordHeader(
        type: .message,
        flags: flags,
        source: inTruth ? 1 : 77,
        time: isSender ? time : time + delay,
        sequence: number,
        connection: connection,
        bodyCount: 0
      ).record(body: body)
    }
  }

  let runner: CommandRunner

  init() throws { runner = try CommandRunner() }

  static func event(
    _ code: ConnectionEvent.Code,
    inTruth: Bool,
    at time: UInt64,
    connection: UInt32
  ) -> [UInt8] {
    let event = ConnectionEvent(
      code,
      inTruth ? .inbound : .outbound,
      remote: inTruth ? observer : node,
      local: inTruth ? node : observer
    )
    return RecordHeader(
      type: .connection,
      source: inTruth ? 1 : 77,
      time: time,
      connection: connection,
      bodyCount: 0
    ).record(body: event.body)
  }

  func file(
    _ exchanges: [Exchange],
    inTruth: Bool,
    cut: Bool = false,
    isOpen: Bool = false,
    _ name: String
  ) -> String {
    let connection: UInt32 = inTruth ? 9 : 5
    var bytes = StreamPreamble.bytes(createdAt: Self.start)
    bytes += Self.event(
      inTruth ? .accepted : .connected,
      inTruth: inTruth,
      at: Self.start,
      connection: connection
    )
    for exchange in exchanges { bytes += exchange.record(inTruth: inTruth, connection: connection, cut: cut) }
    let last = exchanges.map(\.time).max() ?? Self.start
    if !isOpen {
      bytes += Self.event(.closedByPeer, inTruth: inTruth, at: last + 1_000_000, connection: connection)
    }
    return runner.folder.write(bytes, to: name)
  }

  /// The result of comparing an archive and a truth with these messages.
  func compare(_ truth: [Exchange], _ archive: [Exchange], cut: Bool = false, _ options: String...) throws
    -> (CommandRunner.Outcome, summary: [String: Any], toObserver: [String: Any], toNodes: [String: Any])
  {
    let outcome = try runner.run(
      ["log", "compare", "--json", "--truth", file(truth, inTruth: true, cut: cut, "truth")] + options
        + [file(archive, inTruth: false, "archive")]
    )
    let summary = try JSONSerialization.jsonObject(with: Data(#require(outcome.lines.last).utf8))
    let object = try #require(summary as? [String: Any])
    let directions = try #require(object["directions"] as? [[String: Any]])
    return (outcome, object, directions[0], directions[1])
  }

  static let exchanges = (1...3000).map { Exchange(number: $0, isToObserver: $0 % 3 != 0) }

  @Test func findsThatBothAreTheSame() throws {
    let (outcome, summary, toObserver, toNodes) = try compare(Self.exchanges, Self.exchanges)
    #expect(outcome.status == .succeeded && outcome.lines.count == 1)
    #expect(summary["connections"] as? Int == 1)
    #expect(toObserver["same"] as? Int == 2000 && toNodes["same"] as? Int == 1000)
    #expect(toObserver["missing"] as? Int == 0 && toObserver["under_way"] as? Int == 0)
  }

  @Test func findsWhatIsMissing() throws {
    var archive = Self.exchanges
    archive.removeAll { $0.number == 1000 || $0.number == 1501 || $0.number == 1502 }
    let (outcome, _, toObserver, toNodes) = try compare(Self.exchanges, archive)
    #expect(outcome.status == .someFailed)
    #expect(toObserver["missing"] as? Int == 2 + 1 && toNodes["missing"] as? Int == 0)
    #expect(toObserver["same"] as? Int == 1997 && toNodes["same"] as? Int == 1000)
    // Every third message goes the other way, so the 1,000th is the 667th in its direction.
    #expect(
      outcome.lines[0].contains("\"finding\":\"missing\"") && outcome.lines[0].contains("\"message\":667,")
    )
  }

  @Test func findsWhatIsTooMuch() throws {
    var archive = Self.exchanges
    archive.insert(Exchange(number: 9999, isToObserver: true), at: 500)
    archive[500].number = 501
    archive[500].size = 40
    let (outcome, _, toObserver, _) = try compare(Self.exchanges, archive)
    #expect(outcome.status == .someFailed)
    #expect(toObserver["extra"] as? Int == 1 && toObserver["missing"] as? Int == 0)
    #expect(toObserver["same"] as? Int == 2000)
  }

  @Test(arguments: [false, true]) func findsWhatIsDifferent(cut: Bool) throws {
    var archive = Self.exchanges
    // Another payload changes the checksum in the header, so headers alone show the difference.
    archive[600].size = 33
    let (outcome, _, toObserver, _) = try compare(Self.exchanges, archive, cut: cut)
    #expect(outcome.status == .someFailed)
    #expect(toObserver["different"] as? Int == 1 && toObserver["same"] as? Int == 1999)
    #expect(toObserver["missing"] as? Int == 0 && toObserver["extra"] as? Int == 0)
  }

  @Test func findsAWholeDirectionMissing() throws {
    let (_, _, toObserver, toNodes) = try compare(
      Self.exchanges,
      Self.exchanges.filter { !$0.isToObserver },
      "--grace",
      "0"
    )
    #expect(toObserver["missing"] as? Int == 2000 && toNodes["same"] as? Int == 1000)
  }

  @Test func tellsApartWhatWasUnderWay() throws {
    // Of the last ten messages, every third goes the other way.
    let archive = Self.exchanges.filter { !$0.isToObserver || $0.number <= 2990 }
    let (outcome, _, toObserver, _) = try compare(Self.exchanges, archive)
    #expect(outcome.status == .succeeded)
    #expect(toObserver["missing"] as? Int == 0 && toObserver["under_way"] as? Int == 6)
    let (strict, _, missing, _) = try compare(Self.exchanges, archive, "--grace", "0")
    #expect(strict.status == .someFailed)
    #expect(missing["missing"] as? Int == 6)
  }

  @Test func doesNotBlameTheArchiveForWhatANodeNeverRead() throws {
    let truth = Self.exchanges.filter { $0.isToObserver || $0.number <= 300 }
    let (outcome, _, _, toNodes) = try compare(truth, Self.exchanges, "--grace", "0")
    #expect(outcome.status == .succeeded)
    #expect(toNodes["same"] as? Int == 100 && toNodes["under_way"] as? Int == 900)
  }

  /// However long the node does not read.
  @Test func waitsForWhatANodeHasNotRead() {
    for isToObserver in [false, true] {
      var flow = ComparedFlow()
      var outcome = ComparedFlow.Outcome()
      for number in UInt64(1)...5 {
        let exchange = Exchange(number: number)
        let header = RecordHeader(
          type: .message,
          source: 77,
          time: exchange.time,
          connection: 5,
          bodyCount: exchange.bytes.count
        )
        let message = exchange.bytes.withUnsafeBytes { ComparedMessage(header, $0) }
        flow.add(message, ofTruth: false, &outcome)
      }
      flow.giveUp(before: .max, isToObserver: isToObserver, &outcome)
      #expect(flow.waitingCount == (isToObserver ? 0 : 5))
      #expect(outcome.differences.map(\.kind) == Array(repeating: .extra, count: isToObserver ? 5 : 0))
    }
  }

  @Test func measuresHowLateTimesAre() throws {
    var exchanges = (1...1000).map { Exchange(number: $0, delay: $0 <= 980 ? 10_000 : 500_000) }
    exchanges[999].delay = 3_000_000
    for index in 0..<100 { exchanges[index].flags = .upperBound }
    let (_, _, toObserver, _) = try compare(exchanges, exchanges)
    let exact = try #require(toObserver["exact_ns"] as? [String: Any])
    let bound = try #require(toObserver["bound_ns"] as? [String: Any])
    #expect(exact["count"] as? Int == 900 && bound["count"] as? Int == 100)
    // Quantiles have a relative error of at most 1/16.
    #expect((10_000...10_700).contains(try #require(exact["p50"] as? Int)))
    #expect((500_000...535_000).contains(try #require(exact["p99"] as? Int)))
    #expect(exact["max"] as? Int == 3_000_000)
    #expect(bound["max"] as? Int == 10_000)
  }

  @Test func findsConnectionsOfOneSideOnly() throws {
    let truth = file(Self.exchanges, inTruth: true, "truth")
    let empty = runner.folder.write(StreamPreamble.bytes(createdAt: Self.start), to: "empty")
    let outcome = try runner.run(["log", "compare", "--truth", truth, empty])
    #expect(outcome.status == .someFailed)
    #expect(
      outcome.lines[0].contains("0 in both, 1 only in the truth with 3000 messages, 0 only in the archive")
    )
    let archive = file(Self.exchanges, inTruth: false, "archive")
    let other = try runner.run(["log", "compare", "--truth", empty, archive])
    #expect(other.lines[0].contains("0 only in the truth with 0 messages, 1 only in the archive with 3000"))
  }

  @Test func tellsConnectionsOfTheSameEndsApart() throws {
    func twice(_ inTruth: Bool) -> String {
      var bytes = StreamPreamble.bytes(createdAt: Self.start)
      for connection in UInt32(1)...2 {
        let time = Self.start + UInt64(connection) * 10_000_000_000
        bytes += Self.event(
          inTruth ? .accepted : .connected,
          inTruth: inTruth,
          at: time,
          connection: connection
        )
        let exchange = Exchange(number: UInt64(connection) * 10_000 + 1)
        bytes += exchange.record(inTruth: inTruth, connection: connection)
        bytes += Self.event(.closedByPeer, inTruth: inTruth, at: time + 5_000_000_000, connection: connection)
      }
      return runner.folder.write(bytes, to: "\(inTruth)")
    }
    let outcome = try runner.run(["log", "compare", "--truth", twice(true), twice(false)])
    #expect(outcome.status == .succeeded)
    #expect(outcome.lines[0].hasPrefix("connections: 2 in both"))
    #expect(outcome.lines[1].contains("2 the same, 0 missing"))
  }

  @Test func goesOnWhereTheArchiveBeganLater() throws {
    let truth = file(Self.exchanges, inTruth: true, "truth")
    let open = MetaBody.openConnection(
      OpenConnection(
        direction: .outbound,
        remote: Self.node,
        local: Self.observer,
        since: Self.start
      )
    )
    var bytes = StreamPreamble.bytes(createdAt: Self.start)
    bytes += RecordHeader(type: .meta, source: 77, time: Self.start, connection: 5, bodyCount: 0)
      .record(body: open.body)
    for exchange in Self.exchanges { bytes += exchange.record(inTruth: false, connection: 5) }
    let outcome = try runner.run(["log", "compare", "--truth", truth, runner.folder.write(bytes, to: "late")])
    #expect(outcome.status == .succeeded)
    #expect(outcome.lines[0].hasPrefix("connections: 1 in both"))
  }

  @Test func needsATruth() {
    #expect(throws: (any Error).self) { try runner.run(["log", "compare", "archive"]) }
  }
}
