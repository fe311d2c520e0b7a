import EventLoop
import LogProtocol
import Logging
import Observations
import Synchronization
import TestSupport
import Testing

@testable import LogServerCore

/// Records the logged `holding` of sources that join.
private struct Joins: LogHandler {
  final class Counts: Sendable { let counts = Mutex<[String]>([]) }

  let said: Counts
  var metadata = Logger.Metadata()
  var logLevel = Logger.Level.info
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    guard "\(event.message)" == "source joined" else { return }
    said.counts.withLock { $0.append(event.metadata?["holding"]?.description ?? "") }
  }
}

/// The server grants each id once, and never runs out of ids.
@Suite struct SourceIDTests {
  @Test func grantsNoIDToWhoSaysNothingAtCoinscopesSocket() throws {
    let bench = try Bench()
    let reader = bench.reader()
    try bench.loop.run { bench.server?.status.readers == 1 }
    let silent = try (0..<50).map { _ in try bench.raw("servers") }
    let publisher = bench.publisher()
    publisher.publish(.debug, text: "x")
    try bench.loop.run { reader.numbered.count == 1 && bench.server?.coinscopeSources.count == 50 }
    silent.forEach { $0.stream.close(.closed("had enough")) }
    try bench.loop.run { bench.server?.coinscopeSources.isEmpty == true }
    #expect(reader.metas.count == 1)
  }

  @Test func grantsNoIDTwiceHoweverManyWereGrantedInASecond() {
    let folder = TemporaryFolder()
    func admit(_ registry: inout SourceRegistry, formerID: UInt32 = 0) -> UInt32 {
      let description = SourceDescription(
        instance: .random(in: 1 ... .max),
        process: 1,
        kind: "x",
        name: "",
        version: ""
      )
      return registry.admit(description, formerID: formerID).source.id
    }
    var registry = SourceRegistry(file: folder.path + "source-ids")
    var highest: UInt32 = 0
    for _ in 0..<5000 { highest = admit(&registry) }
    var next = SourceRegistry(file: folder.path + "source-ids")
    #expect(admit(&next) > highest)
    // Sources that claim ever higher ids do not use them up.
    let first = admit(&registry, formerID: highest + 3000)
    #expect(first == highest + 1)
  }

  @Test func logsHowManyRecordsASourceHoldsThatJoins() throws {
    let bench = try Bench("archive_grace = 60.0;")
    bench.kill()
    let said = Joins.Counts()
    bench.logger = Logger(label: "test") { _ in Joins(said: said) }
    let publisher = bench.publisher()
    for _ in 0..<3 { publisher.publish(.debug, text: "x") }
    try bench.start()
    try bench.loop.run { publisher.isJoined }
    #expect(said.counts.withLock { $0 } == ["3"])
  }
}
