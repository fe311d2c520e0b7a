import Bytes
import LogProtocol
import TestSupport
import Testing

@Suite struct ArchiveFileTests {
  let folder = TemporaryFolder()

  func file(_ name: String, _ bytes: [UInt8]) -> String { folder.write(bytes, to: name) }

  func record(_ sequence: UInt64, bodyCount: Int) -> [UInt8] {
    RecordHeader(type: .debug, source: 9, time: 1, sequence: sequence, bodyCount: 0)
      .record(body: [UInt8](repeating: 1, count: bodyCount))
  }

  @Test func readsRecordsOfEverySizeAcrossItsBuffer() throws {
    let sizes = [0, 10, 1 << 20, 3 << 20, 5, 700_000, 700_000, 1]
    let bytes = sizes.enumerated().flatMap { record(UInt64($0 + 1), bodyCount: $1) }
    let archive = try ArchiveFile(file("a", StreamPreamble.bytes(createdAt: 1) + bytes))
    var found: [Int] = []
    var offsets: [UInt64] = []
    let ending = try archive.forEachRecord { header, body, offset in
      #expect(body.count == header.bodyCount)
      found.append(body.count)
      offsets.append(offset)
      return true
    }
    #expect(found == sizes)
    #expect(offsets[0] == 16 && offsets[1] == 48)
    #expect(ending == .whole)
    #expect(archive.offset == UInt64(bytes.count + 16))
  }

  @Test func tellsWhereItIsTornAndWhereItIsNoArchive() throws {
    let whole = StreamPreamble.bytes(createdAt: 1) + record(1, bodyCount: 50)
    let torn = try ArchiveFile(file("torn", whole + record(2, bodyCount: 50).dropLast()))
    #expect(try torn.forEachRecord { _, _, _ in true } == .torn(count: 81))
    #expect(torn.offset == UInt64(whole.count))
    let foreign = try ArchiveFile(file("foreign", whole + Array("not a record".utf8)))
    #expect(throws: WireError.self) { try foreign.forEachRecord { _, _, _ in true } }
    #expect(foreign.offset == UInt64(whole.count))
    #expect(throws: IOError.self) { try ArchiveFile(folder.path + "missing") }
  }
}
