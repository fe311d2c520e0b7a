import BitcoinWire
import Glibc
import NodeDatabase
import TestSupport
import Testing

/// A writing process is killed at any time.
@Suite struct DurabilityTests {
  @Test(arguments: TestStore.kinds) func keepsWholeBatchesWhenKilled(_ kind: String) throws {
    let test = try TestStore(kind)
    var seen: Set<Int> = []
    for round in 1...5 {
      let writer = try Program("NodeDatabaseWriter", [test.place], folder: test.folder.path)
      // Batches are numbered from 1 in each round. After a few of them, kill the writer within the next one.
      try writer.wait(for: "some batches") { writer.lines.count >= round * 3 }
      writer.signal(SIGKILL)
      try writer.wait()
      let acknowledged = Int(writer.lines.last ?? "") ?? 0
      let nodes = try test.store.nodes()
      let shared = try #require(nodes.first { $0[.endpoint] == .text("10.0.0.1:8333") })
      let attempts = Int(shared[.attempts].integer ?? 0)
      // A batch is there as a whole or not at all: the shared endpoint was tried as often as all others
      // together.
      let others = nodes.filter { $0[.endpoint] != shared[.endpoint] }.map { Int($0[.attempts].integer ?? 0) }
      #expect(others.reduce(0, +) == attempts * 100)
      // All acknowledged batches are there, and at most one more.
      let before = seen.max() ?? 0
      #expect((before + acknowledged...before + acknowledged + 1).contains(attempts))
      seen.insert(attempts)
      #expect(try test.store.attempts(Endpoint("10.0.0.1:8333")!).count == attempts)
    }
  }

  @Test func refusesWhatItCannotRead() throws {
    let test = try TestStore("sqlite")
    #expect(throws: NodeStoreError.self) {
      try NodeStore.open(test.folder.path + "none.sqlite", isReadOnly: true)
    }
    #expect(throws: NodeStoreError.self) { try NodeStore.open(test.folder.path + "none/there.sqlite") }
    let text = try test.folder.write("text.sqlite", "this is no database, whatever it is called")
    #expect(throws: NodeStoreError.self) { try NodeStore.open(text) }
    let failure = #expect(throws: NodeStoreError.self) {
      try NodeStore.open("postgresql://me:pass-word@/x?host=/nonexistent")
    }
    #expect(failure?.description.contains("pass-word") == false)
  }

  @Test(arguments: TestStore.kinds) func letsSeveralProgramsWriteInTurn(_ kind: String) throws {
    let test = try TestStore(kind)
    let other = try test.reopened()
    for number in 0..<20 as Range<UInt32> {
      try (number % 2 == 0 ? test.store : other).record([Made.heard(Made.endpoint(number), Double(number))])
    }
    #expect(try Set(test.store.nodes().map { $0[.id] }).count == 20)
  }
}
