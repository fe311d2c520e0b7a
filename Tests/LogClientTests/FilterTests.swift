import ArgumentParser
import Bytes
import LogConsumer
import LogOptions
import LogProtocol
import LogText
import Observations
import Testing

@Suite struct FilterTests {
  func shown(_ arguments: String...) throws -> [Int] {
    let filter = try RecordFilterOptions.parse(arguments).filter
    let records = [
      Records.joined(),
      Records.meta(.gap(Gap(source: 1, sequences: 1...1, count: 1, byteCount: 0, cause: .slowReader))),
      Records.text(1),
      Records.message("inv", [0], 2),
      Records.message("ping", [], 3, flags: .sent, connection: 2),
      Records.event(.connected, 4),
    ]
    var selection = RecordSelection(filter)
    return records.indices.filter { index in
      records[index].withUnsafeBytes {
        selection.shows(
          StreamRecord(RecordHeader(checked: $0), UnsafeRawBufferPointer(rebasing: $0.dropFirst(32)))
        )
      }
    }
  }

  @Test func showsEverythingAtFirstAndGapsAlways() throws {
    #expect(try shown() == [0, 1, 2, 3, 4, 5])
    #expect(try shown("--type", "debug") == [1, 2])
    #expect(try shown("--type", "debug", "--type", "bitcoin") == [1, 2, 5])
    #expect(try shown("--type", "meta") == [0, 1])
    #expect(try shown("--command", "inv") == [1, 3])
    #expect(try shown("--sent") == [1, 4])
    #expect(try shown("--received") == [1, 3])
    #expect(try shown("--sent", "--received") == [0, 1, 2, 3, 4, 5])
    #expect(try shown("--connection", "2") == [1, 4])
    #expect(try shown("--source", "5") == [1])
    #expect(try shown("--command", "inv", "--type", "debug", "--type", "bitcoin_msg") == [1, 2, 3])
  }

  @Test func refusesWhatIsNoTypeOrCommand() {
    #expect(throws: (any Error).self) { try shown("--type", "bitcoins") }
    #expect(throws: (any Error).self) { try shown("--command", "muchtoolongacommand") }
  }
}
