import BitcoinWire
import ControlProtocol
import LogConsumer
import LogProtocol
import Testing

@testable import ControlCommands

@Suite struct AnswerBookTests {
  @Test func takesWhatFollowsOurMessageForItsAnswer() {
    let connections = [1, 2, 3].map {
      ConnectionInfo(
        id: $0,
        direction: .outbound,
        state: .open,
        remote: Endpoint("127.0.0.1:\($0)")!,
        local: Endpoint("127.0.0.1:9")!,
        since: 0
      )
    }
    var book = AnswerBook(
      of: connections,
      to: [Network.regtest.frame(.getaddr)],
      awaiting: [.addr, .addrv2],
      dialect: .bitcoin
    )
    func note(_ record: (RecordHeader, [UInt8])) -> Answer? {
      record.1.withUnsafeBytes { book.note(StreamRecord(record.0, $0)) }
    }
    // No peer has been asked yet.
    #expect(note(RecordedStream.message(.addr(AddrMessage(nodes: [])), 1, at: 5)) == nil)
    for id in [1, 2, 3, 4] as [UInt32] { _ = note(RecordedStream.message(.getaddr, id, at: 10, .sent)) }
    _ = note(RecordedStream.message(.getaddr, 1, at: 11, .sent))
    #expect(note(RecordedStream.message(.pong(PongMessage(nonce: 1)), 1, at: 12)) == nil)
    let answer = note(RecordedStream.message(.addrv2(AddrV2Message(nodes: [])), 1, at: 1_000_010))
    #expect(answer?.text == "#1 127.0.0.1:1 after 1 ms: addrv2 0")
    #expect(
      answer.map { String(decoding: $0.json.finish(), as: UTF8.self) }
        == #"{"connection":1,"address":"127.0.0.1:1","time_ns":1000010,"ms":1.0,"upper_bound":false,"#
        + #""command":"addrv2","summary":"addrv2 0","message":{"nodes":[]}}"#
    )
    #expect(note(RecordedStream.message(.addr(AddrMessage(nodes: [])), 1, at: 20)) == nil)
    _ = note(RecordedStream.end(2, at: 21))
    #expect(!book.isComplete)
    #expect(note(RecordedStream.message(.addr(AddrMessage(nodes: [])), 3, at: 22))?.delay == 12)
    #expect(book.isComplete)
    #expect(book.unanswered == [2])
    #expect(book.closed == [2])
    #expect(book.answeredCount == 2)
  }
}
