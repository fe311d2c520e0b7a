import BitcoinWire
import ControlProtocol
import EventLoop
import LogConsumer
import LogProtocol
import Testing

@testable import Commands
@testable import ControlCommands

@Suite struct TopTests {
  static let second: UInt64 = 1_000_000_000

  func connection(_ id: UInt32, ping: UInt64) -> ConnectionInfo {
    var connection = ConnectionInfo(
      id: id,
      direction: .outbound,
      state: .open,
      remote: Endpoint("127.0.0.\(id):8333")!,
      local: Endpoint("127.0.0.1:9")!,
      since: 0
    )
    connection.ping = ping
    connection.introduction.userAgent = Array("/node \(id)\u{1b}/".utf8)
    return connection
  }

  /// Two seconds of traffic: few large messages of peer 1 and many small ones of peer 2.
  func frame(_ order: TopOrder) -> TopFrame {
    var model = TopModel(at: 0)
    func note(_ record: (RecordHeader, [UInt8])) {
      record.1.withUnsafeBytes { model.note(StreamRecord(record.0, $0)) }
    }
    let big = Message.unknown(command: "big", payload: [UInt8](repeating: 0, count: 976))
    for time in 0..<4 { note(RecordedStream.message(.getaddr, 2, at: UInt64(time))) }
    note(RecordedStream.message(big, 1, at: 5))
    note(RecordedStream.message(.getaddr, 1, at: 6, .sent))
    note(RecordedStream.end(7, at: 1_767_225_600 * Self.second))
    model.sample(at: 2 * Self.second, atLeast: 1)
    var statistics = ConnectorStatistics()
    statistics.networkName = "regtest"
    statistics.openOutbound = 2
    return TopFrame(
      model: model,
      connections: [connection(1, ping: 5_000_000), connection(2, ping: 90_000_000), connection(3, ping: 0)],
      statistics: statistics,
      order: order,
      now: 61 * Self.second
    )
  }

  @Test func ordersAsOneWants() {
    #expect(frame(.messages).commands.map(\.command) == ["getaddr", "big"])
    #expect(frame(.bytes).commands.map(\.command) == ["big", "getaddr"])
    #expect(frame(.name).commands.map(\.command) == ["big", "getaddr"])
    #expect(frame(.messages).busiest(5).map(\.connection.id) == [2, 1])
    #expect(frame(.bytes).busiest(1).map(\.connection.id) == [1])
    #expect(frame(.bytes).slowest(5).map(\.id) == [2, 1])
    #expect(TopOrder(key: UInt8(ascii: "b")) == .bytes)
    #expect(TopOrder(key: UInt8(ascii: "x")) == nil)
  }

  @Test func fillsTheScreenAndNoMore() {
    for rows in [1, 5, 24, 60] {
      let lines = frame(.messages).lines(rows: rows)
      #expect(lines.count == max(2, rows) || rows == 1)
      #expect(lines.last?.hasPrefix("q quit") == true)
    }
    let lines = frame(.bytes).lines(rows: nil)
    #expect(lines[0].hasPrefix("netmine top  regtest  1970-01-01 00:01:01 UTC"))
    #expect(lines[2].hasPrefix("in 2.5/s 548 B/s   out 0.5/s 12 B/s"))
    #expect(lines.contains("big      0.5/s    0/s  500 B/s         1          0"))
    #expect(lines.contains("2026-01-01 00:00:00 UTC #7 127.0.0.1:1 closed by peer"))
    // A peer's user agent cannot move the cursor.
    #expect(lines.contains { $0.hasSuffix("/node 1\\x1b/") })
  }

  @Test func tellsPrograms() {
    let text = String(decoding: frame(.messages).json.finish(), as: UTF8.self)
    #expect(text.hasPrefix(#"{"time_ns":61000000000,"seconds":2.0,"network":"regtest","open_outbound":2,"#))
    #expect(text.contains(#"{"command":"big","messages_in_per_second":0.5,"messages_out_per_second":0.0,"#))
  }

  @Test func keepsASampleWhenItIsDrawnAnew() {
    var model = TopModel(at: 0)
    let record = RecordedStream.message(.getaddr, 2, at: 1)
    record.1.withUnsafeBytes { model.note(StreamRecord(record.0, $0)) }
    model.sample(at: Self.second, atLeast: 0.9)
    #expect(model.rate(model.traffic.messagesIn) == 1)
    model.sample(at: Self.second + 1000, atLeast: 0.9)
    #expect(model.rate(model.traffic.messagesIn) == 1)
    model.sample(at: 2 * Self.second, atLeast: 0.9)
    #expect(model.traffic.messagesIn == 0)
    #expect(model.totals["getaddr"]?.messagesIn == 1)
  }

  @Test func boundsWhatPeersCanMakeItRemember() {
    var model = TopModel(at: 0)
    for number in 0..<1000 {
      let record = RecordedStream.message(.unknown(command: Command("x\(number)")!, payload: []), 1, at: 1)
      record.1.withUnsafeBytes { model.note(StreamRecord(record.0, $0)) }
      let end = RecordedStream.end(1, at: 1)
      end.1.withUnsafeBytes { model.note(StreamRecord(end.0, $0)) }
    }
    #expect(model.totals.count == TopModel.commandLimit + 1)
    #expect(model.events.count == TopModel.eventLimit)
    #expect(model.eventCounts.ended == 1000)
  }

  @Test func drawsWhatThereIsRoomFor() {
    #expect(
      Terminal.picture(["one", "two 2", "three"], (rows: 2, columns: 4))
        == "\u{1b}[Hone\u{1b}[K\r\ntwo \u{1b}[K\u{1b}[J"
    )
  }
}
