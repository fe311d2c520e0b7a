import BitcoinWire
import Testing

@testable import ControlCommands

@Suite struct SeedQueryTests {
  let answers: [String: [NetworkAddress]] = [
    "a": [.ipv4(1), .ipv4(2), .ipv4(3)], "b": [.ipv4(2), .ipv4(4)],
  ]

  @Test func takesFromEachSeedInTurnAndNoneTwice() {
    let endpoints = SeedQuery.endpoints(of: ["a", "gone", "b"], port: 8333, limit: 10) { answers[$0] }
    #expect(endpoints.map(\.address) == [.ipv4(1), .ipv4(2), .ipv4(4), .ipv4(3)])
    #expect(endpoints.allSatisfy { $0.port == 8333 })
  }

  @Test func keepsToTheLimit() {
    #expect(SeedQuery.endpoints(of: ["a", "b"], port: 1, limit: 2) { answers[$0] }.count == 2)
    #expect(SeedQuery.endpoints(of: ["gone"], port: 1, limit: 2) { answers[$0] }.isEmpty)
  }
}
