import Bytes
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import LogFiles

/// Reading a closed segment with its index.
@Suite struct SeekingTests {
  let folder = TemporaryFolder()

  static let joined = MetaBody.sourceJoined(
    source: Archives.source,
    SourceDescription(instance: 1, process: 1, kind: "connector", name: "", version: "1")
  ).body

  /// A META record, then a thousand texts one second apart.
  static let records: [[UInt8]] =
    [RecordHeader(type: .meta, time: Archives.start, bodyCount: 0).record(body: joined)]
    + (1...1000).map { Archives.record(.debug, $0, [UInt8](repeating: 65, count: 600)) }

  func segment(isCompressed: Bool) throws -> String {
    var bytes = Archives.preamble
    if isCompressed {
      // A frame for every hundred records.
      bytes = Archives.compressed(Archives.preamble + Self.records[..<100].joined())
      for start in stride(from: 100, through: 1000, by: 100) {
        bytes += Archives.compressed(Array(Self.records[start..<min(start + 100, 1001)].joined()))
      }
    } else {
      bytes += Self.records.joined()
    }
    let path = folder.write(bytes, to: "a.log")
    let index = try SegmentIndex(building: path, format: .native, interval: 64 << 10)
    #expect(index.blocks.count > 5)
    folder.write(index.bytes, to: "a.log.index")
    return path
  }

  func sequences(_ path: String, _ seconds: Range<UInt64>, seeks: Bool) throws -> [UInt64] {
    let file = try LogFile(path, bufferCount: 4096)
    let start = Archives.start + seconds.lowerBound * 1_000_000_000
    file.limit(to: start..<Archives.start + seconds.upperBound * 1_000_000_000, seeks: seeks)
    var found: [UInt64] = []
    while let piece = try file.next() {
      guard case .record(let record) = piece else {
        Issue.record("damage in a whole segment")
        continue
      }
      found.append(record.header.sequence)
    }
    return found
  }

  @Test(arguments: [false, true])
  func readsOnlyTheBlocksOfATime(_ isCompressed: Bool) throws {
    let path = try segment(isCompressed: isCompressed)
    for seconds in [500..<510, 1..<2, 990..<2000, 0..<5000] as [Range<UInt64>] {
      let wanted = Set(seconds).intersection(1...1000)
      let found = try sequences(path, seconds, seeks: true)
      #expect(found.first == 0)
      #expect(Set(found).isSuperset(of: wanted))
      #expect(found.count < Int(wanted.count) + 600)
      #expect(zip(found, found.dropFirst()).allSatisfy { $0 < $1 })
      let all = try sequences(path, seconds, seeks: false)
      #expect(Set(all).isSuperset(of: 0..<min(seconds.upperBound, 1001)))
      #expect(all == Array(0...all.last!))
    }
    #expect(try sequences(path, 1..<2, seeks: false).count < 600)
    // This segment is skipped: the next one begins with the connections still open at its end.
    for seeks in [false, true] { #expect(try sequences(path, 5000..<6000, seeks: seeks) == []) }
  }

  @Test func doesWithoutAnIndexThatIsNotTheFiles() throws {
    let path = try segment(isCompressed: false)
    folder.write(folder.bytes("a.log") + Archives.record(.debug, 1001, []), to: "a.log")
    #expect(try sequences(path, 500..<510, seeks: true).count == 1002)
    folder.write([1, 2, 3], to: "a.log.index")
    #expect(try sequences(path, 500..<510, seeks: true).count == 1002)
    #expect(LogFiles.chronological([path, path + ".index"]) == [path])
  }
}
