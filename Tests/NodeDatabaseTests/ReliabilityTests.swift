import BitcoinWire
import Foundation
import NodeDatabase
import Observations
import Testing

/// The windows and rules of sipa's seeder.
@Suite struct ReliabilityTests {
  @Test func decaysAsTheSeederDoes() {
    // CAddrStat by hand: attempts half a time constant apart: good, good, bad.
    var window = Reliability()
    let half = Double(Reliability.Window.hours2.rawValue) / 2
    for isGood in [true, true, false] { window.update(isGood: isGood, age: half, .hours2) }
    let f = exp(-0.5)
    #expect(abs(window.reliability - ((1 - f) * f + (1 - f)) * f) < 1e-12)
    #expect(abs(window.count - ((1 * f + 1) * f + 1)) < 1e-12)
    #expect(abs(window.weight - (((1 - f) * f + (1 - f)) * f + (1 - f))) < 1e-12)
    #expect(abs(window.weight - (1 - exp(-1.5))) < 1e-12)
  }

  @Test(arguments: TestStore.kinds) func storesWindows(_ kind: String) throws {
    let test = try TestStore(kind)
    let one = Made.endpoint(1)
    var expected = Reliability()
    expected.update(isGood: true, age: Reliability.firstAge, .day)
    try test.store.record([Made.reached(one, 0)])
    #expect(try test.node(one)?.reliability(.day) == expected)
    // Across batches and within one batch.
    try test.store.record([Made.failed(one, 7200, .refused), Made.reached(one, 9000)])
    expected.update(isGood: false, age: 7200, .day)
    expected.update(isGood: true, age: 1800, .day)
    #expect(try test.node(one)?.reliability(.day) == expected)
  }

  @Test func handsOutWhomTheSeederWould() throws {
    let test = try TestStore("sqlite")
    let rules = SeederRules(port: 8333, minimumHeight: 350_000)
    let good = Made.endpoint(1)
    var flaky: [Observation] = []
    for round in 0..<40 {
      let time = Double(round) * 3600
      flaky.append(
        round % 4 == 0 ? Made.reached(Made.endpoint(6), time) : Made.failed(Made.endpoint(6), time, .timedOut)
      )
      flaky.append(
        round % 4 == 0 ? Made.failed(Made.endpoint(7), time, .timedOut) : Made.reached(Made.endpoint(7), time)
      )
    }
    try test.store.record(
      [
        Made.reached(good, 0), Made.reached(Made.endpoint(2, port: 8334), 0),
        Made.reached(Made.endpoint(3), 0, services: [.networkLimited]),
        Made.reached(Made.endpoint(4), 0, height: 300_000),
        Made.reached(Endpoint(.ipv4(0x0a00_0001), port: 8333), 0), Made.heard(Made.endpoint(5), 0),
      ] + flaky
    )
    let nodes = try test.store.nodes()
    #expect(
      nodes.filter { rules.isGood($0) }.map { $0[.endpoint].description } == ["1.2.0.1:8333", "1.2.0.7:8333"]
    )
    #expect(rules.ignoreTime(nodes.first { $0.endpoint == good }!) == 0)
  }

  @Test(
    arguments: [
      (nil, NodeState.reachable), (.closedBeforeVersion, .full), (.reset, .full), (.refused, .refused),
      (.timedOut, .timedOut), (.handshakeTimedOut, .timedOut), (.unreachable, .unreachable),
      (.wrongMagic, .wrongNetwork), (.protocolError, .protocolError), (.tooOld, .protocolError),
      (.proxy, .ourFault), (.noRoute, .ourFault), (.ourselves, .ourselves), (.alreadyConnected, .reachable),
    ] as [(Outcome.Code?, NodeState)]
  )
  func readsOutcomes(_ outcome: Outcome.Code?, _ state: NodeState) {
    #expect(NodeState(outcome) == state)
  }
}
