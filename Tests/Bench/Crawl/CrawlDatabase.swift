import BitcoinWire
import EventLoop
import Foundation
import NodeDatabase
import Observations

extension CrawlBench {
  /// Most observations per transaction, the same as in the crawler.
  private static let batchLimit: UInt32 = 10_000

  /// Measures the cost of writing a flood into a node database: addresses that are advertised for the first
  /// time, addresses that are advertised again by others, and failed attempts.
  func record() throws {
    let folder = NSTemporaryDirectory() + "netmine-bench-\(UInt32.random(in: 0 ... .max))/"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "nodes.sqlite"
    let store = try NodeStore.open(path)
    let start = Clock.now()
    func told(_ number: UInt32, by teller: UInt32) -> Observation {
      let time = start + UInt64(number) * 1000
      return .advertisement(
        Advertisement(
          CrawledNetwork.endpoint(number),
          time: time,
          advertiser: CrawledNetwork.endpoint(teller),
          claimedTime: UInt32(time / 1_000_000_000),
          services: .network
        )
      )
    }
    let count = UInt32(dead + spam)
    let tellers = UInt32(max(1, nodes))
    try measure("heard of first", count, store) { told(tellers + $0, by: $0 / 1000 % tellers) }
    // Other nodes advertise the same addresses in another order.
    try measure("told by another", count, store) { number in
      let other = UInt32(UInt64(number) * 7_919 % UInt64(count))
      return told(tellers + other, by: (other / 1000 + 1 + number % 3) % tellers)
    }
    try measure("attempts that fail", UInt32(dead), store) {
      .attempt(Attempt(CrawledNetwork.endpoint(tellers + $0), time: Clock.now(), outcome: Outcome(.timedOut)))
    }
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Double ?? .nan
    tell([ControlFigure(name: "  bytes an address", value: size / Double(count), unit: "B")])
  }

  /// Writes `count` observations of a kind, and reports the cost of each.
  private func measure(
    _ name: String,
    _ count: UInt32,
    _ store: NodeStore,
    _ make: (UInt32) -> Observation
  ) throws {
    var processor = 0.0
    var wall = 0.0
    for first in stride(from: 0, to: count, by: Int(Self.batchLimit)) {
      let batch = (first..<min(count, first + Self.batchLimit)).map(make)
      let (before, start) = (Self.processorTime, Clock.monotonic())
      try store.record(batch)
      processor += Self.processorTime - before
      wall += Double(Clock.monotonic() - start) * 1e-9
    }
    tell([
      ControlFigure(
        name: "database, \(name): processor time",
        value: processor / Double(count) * 1e6,
        unit: "us"
      ),
      ControlFigure(name: "  a second", value: Double(count) / wall, unit: "/s"),
    ])
  }
}
