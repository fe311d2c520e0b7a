import Bytes
import LogProtocol
import TestSupport
import Testing

@testable import LogClientCore

/// Archives in coinscope's format.
@Suite struct CoinscopeArchiveTests {
  let tests = VerbatimTests()
  var folder: TemporaryFolder { tests.folder }
  let settings = "format = \"coinscope\";"

  static func coinscope(_ records: [UInt8]...) throws -> [UInt8] {
    try Array(records.joined()).withUnsafeBytes { bytes in
      var cursor = RecordCursor(bytes)
      var result: [UInt8] = []
      while let (header, range) = try cursor.next() {
        let body = UnsafeRawBufferPointer(rebasing: bytes[range].dropFirst(RecordHeader.size))
        result += CoinscopeRecord.bytes(header, body: body) ?? []
      }
      return result
    }
  }

  @Test func writesWhatTheAncestorWrites() throws {
    let (verbatim, server) = try tests.verbatim(Verbatim.Limits(), settings)
    #expect(verbatim.loop.run { !server.subscriptions.isEmpty })
    let hello = Records.text(2, "hello")
    server.send(Records.event(.connected, 1), hello, hello)
    server.send(Records.event(.handshaken, 3), Records.text(5, "bye"))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 5 })
    let expected = try Self.coinscope(Records.event(.connected, 1), hello, Records.text(5, "bye"))
    #expect(folder.bytes("verbatim.log") == expected)
    // u32 length, u32 source, u8 type, u64 seconds, the text and a NUL.
    let source: [UInt8] = [0x65, 0x53, 0xf1, 0x00]
    let tail = [0, 0, 0, 17] + source + [2] + [UInt8](repeating: 0, count: 8) + Array("bye\0".utf8)
    #expect(folder.bytes("verbatim.log").suffix(21) == tail[...])
    try verbatim.finish()
  }

  @Test func repairsATornRecordAndGoesOn() throws {
    let whole = try Self.coinscope(Records.text(1), Records.text(2))
    folder.write(whole + [0, 0, 0, 17, 1], to: "verbatim.log")
    let (verbatim, server) = try tests.verbatim(Verbatim.Limits(), settings)
    #expect(folder.bytes("verbatim.log") == whole)
    #expect(verbatim.loop.run { !server.subscriptions.isEmpty })
    server.send(Records.text(3))
    #expect(verbatim.loop.run { server.acknowledged[Records.source] == 3 })
    #expect(try folder.bytes("verbatim.log") == whole + Self.coinscope(Records.text(3)))
  }

  @Test func leavesTheOtherFormatAlone() throws {
    let native = StreamPreamble.bytes(createdAt: 1) + Records.text(1)
    folder.write(native, to: "verbatim.log")
    #expect(throws: ArchiveError.self) { try tests.verbatim(Verbatim.Limits(), settings) }
    #expect(folder.bytes("verbatim.log") == native)
    let coinscope = try Self.coinscope(Records.text(1))
    folder.write(coinscope, to: "verbatim.log")
    #expect(throws: ArchiveError.self) { try tests.verbatim() }
    #expect(folder.bytes("verbatim.log") == coinscope)
  }

  @Test func rotates() throws {
    let (verbatim, server) = try tests.verbatim(
      Verbatim.Limits(),
      settings + "rotate_size = 400; compression = 0;"
    )
    #expect(verbatim.loop.run { !server.subscriptions.isEmpty })
    for sequence in 1...40 as ClosedRange<UInt64> {
      server.send(Records.text(sequence))
      #expect(verbatim.loop.run { server.acknowledged[Records.source] == sequence })
    }
    #expect(verbatim.loop.run { verbatim.tender.isIdle })
    let files = (SegmentKeeper.list(folder.path, "verbatim.log-") ?? []).map(\.name)
    let segments = files.filter { !$0.hasSuffix(".index") }
    #expect(segments.count == 2)
    let all = segments.flatMap { folder.bytes($0) } + folder.bytes("verbatim.log")
    #expect(try all == Self.coinscope((1...40).flatMap { Records.text($0) }))
    let index = try SegmentIndex(folder.bytes(segments[0] + ".index").span.bytes)
    #expect(index.format == .coinscope)
    #expect(index.blocks.count == 1)
  }
}
