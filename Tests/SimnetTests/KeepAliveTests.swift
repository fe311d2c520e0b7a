import BitcoinWire
import Testing

@testable import SimnetCore

@Suite struct KeepAliveTests {
  static let ledger = Ledger(nodeCount: 200)

  @Test func answersPings() {
    var conversation = Conversation.established()
    let actions = conversation.receive(.ping(PingMessage(nonce: 99)), Self.ledger, at: newYear)
    #expect(actions == [.send(.pong(PongMessage(nonce: 99)))])
    #expect(conversation.receive(.ping(PingMessage(nonce: nil)), Self.ledger, at: newYear) == [])
  }

  @Test func pingsEveryTwoMinutesAfterAPong() throws {
    var conversation = Conversation.established()
    var nonce = try #require(conversation.ping?.nonce)
    for round in 1...3 as ClosedRange<UInt64> {
      _ = conversation.receive(.pong(PongMessage(nonce: nonce)), Self.ledger, at: newYear)
      let due = newYear + round * 120 * second
      #expect(conversation.deadline == due)
      #expect(conversation.tick(at: due - 1) == [])
      let actions = conversation.tick(at: due)
      #expect(actions.commands == [.ping])
      let next = try #require(conversation.ping?.nonce)
      #expect(next != nonce)
      nonce = next
    }
  }

  @Test func givesUpWhoNeverAnswers() {
    var conversation = Conversation.established()
    _ = conversation.receive(.pong(PongMessage(nonce: 1)), Self.ledger, at: newYear)
    #expect(conversation.tick(at: newYear + 1199 * second) == [])
    #expect(conversation.tick(at: newYear + 1200 * second).closeReason == "no pong came")
  }
}
