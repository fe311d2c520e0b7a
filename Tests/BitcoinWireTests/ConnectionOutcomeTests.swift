import BitcoinWire
import Testing

@Suite struct ConnectionOutcomeTests {
  @Test(arguments: ConnectionOutcome.allCases)
  func isReadFromItsReason(_ outcome: ConnectionOutcome) {
    #expect(ConnectionOutcome(reason: outcome.reason()) == outcome)
    #expect(ConnectionOutcome(reason: outcome.reason("a: b")) == outcome)
    #expect(ConnectionOutcome(reason: outcome.reason() + "x") == nil)
    // What follows begins after the first colon, so that no word may have one.
    #expect(!outcome.rawValue.contains(":"))
  }

  @Test func knowsNoOtherReasons() {
    #expect(ConnectionOutcome(reason: "") == nil)
    #expect(ConnectionOutcome(reason: "Connection refused") == nil)
    #expect(ConnectionOutcome(reason: ": refused") == nil)
  }
}
