import BitcoinWire
import Bytes
import Foundation
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import LogFiles

/// The reader in `libraries/python`, written from docs/log-format.md, reads the same records as ours.
@Suite struct PythonReaderTests {
  static let reader = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "libraries/python/netmine_log.py").path

  let folder = TemporaryFolder()

  func lines(_ path: String) throws -> (lines: [[String: Any]], status: Int32, errors: String) {
    let program = try Program(Program.python!, [Self.reader, path], folder: folder.path)
    let status = try program.wait()
    let objects = try program.lines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    return (objects, status, program.errors)
  }

  @Test(.enabled(if: Program.python != nil, "needs Python 3"))
  func pythonReadsWhatWeRead() throws {
    let onion = Endpoint("pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333")!
    let open = OpenConnection(
      direction: .inbound,
      remote: onion,
      local: Archives.us,
      since: 77,
      peer: .introduced(
        PeerIntroduction(
          protocolVersion: 70016,
          services: [.network],
          userAgent: Array("/Satoshi:27.0.0/".utf8),
          startHeight: 9,
          relay: true
        )
      )
    )
    let body = MetaBody.openConnection(open).body
    let meta = RecordHeader(type: .meta, source: 9, time: 5, connection: 3, bodyCount: 0).record(body: body)
    let path = folder.write(
      Archives.preamble + Archives.records[..<4].joined() + Archives.preamble + meta
        + Archives.records[4...].joined() + meta.dropLast(),
      to: "a.log"
    )
    let (lines, status, errors) = try lines(path)
    #expect(status == 0, "\(errors)")
    let file = try LogFile(path)
    var index = 0
    while let piece = try file.next() {
      guard case .record(let record) = piece else { continue }
      let line = try #require(index < lines.count ? lines[index] : nil)
      index += 1
      let header = record.header
      #expect(line["offset"] as? UInt64 == record.offset)
      #expect(line["source"] as? UInt32 == header.source)
      #expect(line["time"] as? UInt64 == header.time)
      #expect(line["sequence"] as? UInt64 == header.sequence)
      #expect(line["type"] as? UInt16 == header.type.rawValue)
      #expect(line["flags"] as? UInt8 == header.flags.rawValue)
      #expect(line["connection"] as? UInt32 == header.connection)
      #expect(line["body"] as? Int == header.bodyCount)
      let message = MessageHeader(peeking: record.body.bytes)
      if header.type == .message {
        #expect(line["command"] as? String == message.map { "\($0.command)" })
        #expect(line["length"] as? UInt32 == message?.length)
      }
      guard header.type == .meta else { continue }
      let told = try #require(line["open"] as? [Any])
      #expect(told[0] as? Int == 1)
      let ends = [told[1], told[2]] as? [[Any]]
      #expect(ends?.map { $0[0] as? Int } == [4, 1])
      #expect(ends?[0][1] as? String == Hexadecimal.text(onion.address.bytes))
      #expect(ends?.map { $0[2] as? Int } == [8333, 40000])
      #expect(told[3] as? Int == 77)
      #expect(told[4] as? String == "/Satoshi:27.0.0/")
    }
    #expect(index == Archives.records.count + 1)
    #expect(lines.count == index)
  }

  @Test(.enabled(if: Program.python != nil, "needs Python 3"))
  func pythonSaysWhatIsNoRecord() throws {
    let (lines, status, errors) = try lines(folder.write(Archives.records[0] + [0, 0, 0, 1, 2], to: "a.log"))
    #expect(lines.count == 1)
    #expect(status == 1)
    #expect(errors.contains("length 1 at byte 37"))
  }
}
