import BitcoinWire
import LogConsumer
import LogProtocol
import Testing

@testable import ControlCommands

@Suite struct PingTallyTests {
  var tally = PingTally()

  @discardableResult
  mutating func note(_ record: (RecordHeader, [UInt8])) -> PingTally.RoundTrip? {
    record.1.withUnsafeBytes { tally.note(StreamRecord(record.0, $0)) }
  }

  @Test mutating func matchesPongsByTheirNonces() {
    tally.begin(nonce: 7, to: [1, 2])
    note(RecordedStream.message(.ping(PingMessage(nonce: 7)), 1, at: 100, .sent))
    note(RecordedStream.message(.ping(PingMessage(nonce: 7)), 2, at: 110, .sent))
    // A ping of the connector's own, and one from a peer.
    note(RecordedStream.message(.ping(PingMessage(nonce: 9)), 1, at: 111, .sent))
    note(RecordedStream.message(.ping(PingMessage(nonce: 7)), 1, at: 112))
    #expect(note(RecordedStream.message(.pong(PongMessage(nonce: 9)), 1, at: 150)) == nil)
    #expect(
      note(RecordedStream.message(.pong(PongMessage(nonce: 7)), 2, at: 160, .upperBound))
        == PingTally.RoundTrip(connection: 2, round: 1, time: 160, duration: 50, isUpperBound: true)
    )
    #expect(!tally.isRoundComplete)
    // A pong to an earlier ping counts even after the next ping is sent.
    tally.begin(nonce: 8, to: [1])
    #expect(note(RecordedStream.message(.pong(PongMessage(nonce: 7)), 1, at: 200))?.duration == 100)
    #expect(note(RecordedStream.message(.pong(PongMessage(nonce: 7)), 1, at: 210)) == nil)
    #expect(tally.expectedCount == 1)
    #expect(tally.sentCount == 2)
    note(RecordedStream.end(1, at: 220))
    #expect(tally.isRoundComplete)
    #expect(tally.closed == [1])
  }
}
