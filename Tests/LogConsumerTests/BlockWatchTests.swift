import BitcoinWire
import Bytes
import LogProtocol
import Observations
import TestSupport
import Testing

/// Runs the example reader as a process.
@Suite struct BlockWatchTests {
  private func announcement(
    _ sequence: UInt64,
    of hash: Hash256,
    by connection: UInt32,
    _ flags: RecordFlags = []
  )
    -> [UInt8]
  {
    let inv = InventoryMessage(items: [InventoryItem(.block, hash)])
    let body = Network.regtest.frame(.inv(inv))
    return RecordHeader(
      type: .message,
      flags: flags,
      source: 5,
      time: 100 + sequence,
      sequence: sequence,
      connection: connection,
      bodyCount: 0
    ).record(body: body)
  }

  @Test func tellsWhenBlocksWereAnnounced() throws {
    let folder = TemporaryFolder()
    let hashes = [[1], [2]].map { Hash256(doubleSHA256: ($0 as [UInt8]).span.bytes) }
    let log =
      StreamPreamble.bytes(createdAt: 1) + announcement(1, of: hashes[0], by: 7)
      + announcement(2, of: hashes[0], by: 8) + announcement(3, of: hashes[0], by: 8)
      // A message with a wrong checksum is ignored, and so are our own announcements.
      + announcement(4, of: hashes[1], by: 8, .wrongChecksum) + announcement(5, of: hashes[1], by: 8, .sent)
      + announcement(6, of: hashes[1], by: 9)
    let path = folder.write(log, to: "a.log")
    let program = try Program(try ChildProcess.folder() + "BlockWatch", ["-", path], folder: folder.path)
    #expect(try program.wait() == 0, "\(program.errors)")
    #expect(
      program.lines == [
        "101 \(hashes[0]), previous block announced by 0 peers",
        "106 \(hashes[1]), previous block announced by 2 peers",
        "0 records missed, 0 unreadable",
      ]
    )
  }
}
