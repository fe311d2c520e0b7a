import Bytes
import EventLoop
import LogProtocol
import Observations
import TestSupport
import Testing

@testable import Commands
@testable import Steering

/// The stream of a connector, as measuring commands use it. The log server is a double that a test controls.
@Suite final class ConnectorStreamTests: ByteStreamHandler {
  let folder = TemporaryFolder()
  let loop = EventLoop()
  private var server: ByteStream?

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int { slice.range.count }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {}

  /// Other programs publish to the same log server. A newer one sends a record that this version does not
  /// know.
  @Test(arguments: [[0x7e], [0x01], []] as [[UInt8]])
  func skipsAMetaRecordThatItCannotReadAndNothingElse(body: [UInt8]) throws {
    let joined = MetaBody.sourceJoined(
      source: 7,
      SourceDescription(instance: 42, process: 1, kind: "connector", name: "", version: "1")
    )
    let listener = try Listener(
      on: .unix(folder.path + "subscribe"),
      loop: loop,
      accept: { [unowned self] descriptor, _ in
        let stream = ByteStream(descriptor, on: loop, handler: self)
        stream.write(StreamPreamble.bytes(createdAt: 0))
        stream.write(RecordHeader(type: .meta, time: 1, bodyCount: 0).record(body: joined.body))
        server = stream
      },
      fail: { Issue.record($0) }
    )
    defer { listener.close() }
    let stream = ConnectorStream(
      .unix(folder.path + "subscribe"),
      key: nil,
      Subscription(),
      of: 42,
      on: loop
    )
    var heard: [UInt64] = []
    stream.handle = { heard.append($0.header.sequence) }
    try stream.open()
    // Sent as one piece, so that the records are handled together.
    var records: [UInt8] = []
    for sequence in 1...3 as ClosedRange<UInt64> {
      records += RecordHeader(type: .meta, source: 9, time: 1, sequence: sequence, bodyCount: 0).record(
        body: body
      )
      records += RecordHeader(type: .debug, source: 7, time: 1, sequence: sequence, bodyCount: 0).record(
        body: [1])
    }
    server?.write(records)
    try loop.run { heard.count == 3 }
    #expect(heard == [1, 2, 3])
    #expect(stream.unreadableCount == 3)
    #expect(stream.remark == "Skipped 3 records that this version cannot read.")
    #expect(stream.complaint == nil)
    stream.close()
  }
}
