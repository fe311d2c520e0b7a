import Bytes
import EventLoop
import Foundation
import LogProtocol
import Observations
import TestSupport
import Testing
import Zstandard

/// The `console` program, run as a process.
@Suite final class ConsoleProgramTests {
  let folder = TemporaryFolder()
  let loop = EventLoop()
  var processes: [ChildProcess] = []

  func start(_ arguments: String..., output: String = "out", input: String? = nil) throws -> ChildProcess {
    folder.write([], to: "out")
    folder.write([], to: "errors")
    let process = try ChildProcess(
      "console",
      ["--root", folder.path] + arguments,
      folder: folder.path,
      environment: ["LANG": "C.UTF-8"],
      input: input.map { folder.path + $0 } ?? "/dev/null",
      output: folder.path + output,
      errors: folder.path + "errors"
    )
    processes.append(process)
    return process
  }

  func end(_ process: ChildProcess) -> Int32? {
    #expect(loop.run { !process.isRunning })
    return process.status
  }

  var lines: [Substring] { String(decoding: folder.bytes("out"), as: UTF8.self).split(separator: "\n") }
  var errors: String { String(decoding: folder.bytes("errors"), as: UTF8.self) }

  @Test func waitsForTheLogServerAndShowsWhatItSends() throws {
    let process = try start("--command", "ping", "--count", "3")
    #expect(loop.run { errors.contains("no log server") })
    let server = try LogServerDouble(at: folder.path + "subscribe", on: loop)
    server.greeting = Records.joined()
    #expect(loop.run { !server.subscriptions.isEmpty })
    #expect(server.subscriptions[0].0.commands == ["ping"])
    #expect(!server.subscriptions[0].0.isArchiving)
    server.send(Records.message("ping", [], 1))
    let gap = Gap(source: Records.source, sequences: 2...5, count: 4, byteCount: 9, cause: .slowReader)
    server.send(Records.meta(.gap(gap)), Records.message("ping", [], 6), Records.message("ping", [], 7))
    #expect(end(process) == 0)
    #expect(lines.count == 3)
    #expect(lines[0].hasSuffix("connector-1700000000 bitcoin_msg #1 ← ping"))
    #expect(lines[1].contains("gap: 4 records of connector-1700000000 are missing"))
    #expect(loop.run { server.goodbyes == 1 })
  }

  /// The records with which a log server greets a reader while a connector has N connections.
  func greeting(_ count: Int) -> [UInt8] {
    let open = OpenConnection(direction: .outbound, remote: peer, local: us, since: 1)
    return Records.joined()
      + (1...count).flatMap {
        Records.meta(.openConnection(open), source: Records.source, connection: UInt32($0))
      }
  }

  @Test func tellsOpenConnectionsInOneLine() throws {
    let server = try LogServerDouble(at: folder.path + "subscribe", on: loop)
    server.greeting = greeting(5000)
    let process = try start("--count", "2")
    #expect(loop.run { lines.count == 2 })
    #expect(lines[1].hasSuffix("logserver meta 5000 connections open on connector-1700000000"))
    server.send(Records.message("ping", [], 1, connection: 4999))
    #expect(end(process) == 0)
    #expect(lines.count == 3)
    #expect(lines[2].contains("#4999 127.1.2.3:8333 \u{2190} ping"))
  }

  @Test(arguments: ["--json", "--type=meta"])
  func tellsEachOpenConnectionWhereAsked(_ option: String) throws {
    let server = try LogServerDouble(at: folder.path + "subscribe", on: loop)
    server.greeting = greeting(3)
    #expect(end(try start("--count", "4", option)) == 0)
    #expect(lines.count == 4)
    #expect(
      lines[3].contains(option == "--json" ? #""meta":"open_connection""# : "#3 127.1.2.3:8333 open since")
    )
  }

  @Test func endsWithoutALogServerWhereAsked() throws {
    #expect(end(try start("--no-wait")) == 1)
    #expect(errors.contains("no log server"))
  }

  @Test func showsFiles() throws {
    let start = StreamPreamble.bytes(createdAt: 0) + Records.joined()
    folder.write(start + Records.text(1) + Records.text(2), to: "1.log")
    folder.write(start + Records.text(3) + Records.text(4).dropLast(), to: "2.log")
    #expect(end(try self.start("1.log", "2.log", "--type", "debug", "--json")) == 0)
    let sequences = try lines.map {
      let object = try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      return object?["sequence"] as? Int
    }
    #expect(sequences == [1, 2, 3])
    #expect(errors.contains("2.log ends with 36 bytes of an incomplete record"))
  }

  @Test func namesWhatIsNoLog() throws {
    folder.write(Array("not a log".utf8), to: "1.log")
    #expect(end(try start("1.log")) == 1)
    #expect(errors.contains("1.log: bytes 0 to 8, before record 1, are no record: "))
    folder.write(Records.text(1) + Array("not a log".utf8) + Records.text(2), to: "2.log")
    #expect(end(try start("2.log")) == 1)
    #expect(lines.count == 2)
    #expect(errors.contains("2.log: bytes 37 to 45, before record 2, are no record: "))
  }

  @Test func readsCompressedFilesAndPassesBytesOn() throws {
    let bytes = StreamPreamble.bytes(createdAt: 0) + Records.joined() + Records.text(1) + Records.text(2)
    let compressor = ZstandardCompressor()
    var compressed: [UInt8] = []
    bytes.withUnsafeBytes { compressor.compress($0, to: &compressed) }
    compressor.endFrame(to: &compressed)
    folder.write(compressed, to: "1.log.zst")
    #expect(end(try start("1.log.zst", "--raw", "--type", "debug")) == 0)
    #expect(folder.bytes("out").dropFirst(16) == bytes.dropFirst(16))
    folder.write(folder.bytes("out"), to: "2.log")
    let process = try start("-", "--raw", input: "2.log")
    #expect(end(process) == 0)
    #expect(folder.bytes("out") == folder.bytes("2.log"))
  }

  @Test func sumsUpFiles() throws {
    let second: UInt64 = 1_000_000_000
    let records =
      Records.message("inv", [0], 1, time: second) + Records.message("inv", [0], 2, time: second + 5)
      + Records.message("ping", [], 3, flags: .sent, time: 2 * second - 1)
      + Records.message("ping", [], 4, time: 4 * second)
    folder.write(records, to: "1.log")
    #expect(end(try start("1.log", "--rate")) == 0)
    #expect(
      lines == [
        "1970-01-01T00:00:01.000Z 3 records 3/s 170 B/s in 2 (50 B) out 1 (24 B) | inv 2 ping 1",
        "1970-01-01T00:00:04.000Z 1 records 1/s 56 B/s in 1 (24 B) out 0 (0 B) | ping 1",
      ]
    )
    #expect(end(try start("1.log", "--rate", "--interval", "10", "--json")) == 0)
    #expect(lines.count == 1)
    #expect(lines[0].contains(#""records":4,"#))
    #expect(end(try start("1.log", "--since", "@1.000000005", "--until", "@4", "--json")) == 0)
    #expect(lines.count == 2)
  }

  @Test func sumsUpTheStreamAsTimePasses() throws {
    let server = try LogServerDouble(at: folder.path + "subscribe", on: loop)
    let process = try start("--rate", "--interval", "0.1")
    #expect(loop.run { !server.subscriptions.isEmpty })
    server.send(Records.message("ping", [], 1, time: Clock.now()))
    #expect(loop.run { lines.count == 1 })
    #expect(lines[0].contains(" 1 records 10/s "))
    process.signal(SIGTERM)
  }

  @Test func endsQuietlyWhenNobodyReads() throws {
    folder.write((1...50_000).flatMap { Records.text($0) }, to: "1.log")
    mkfifo(folder.path + "pipe", 0o600)
    let reader = open(folder.path + "pipe", O_RDONLY | O_NONBLOCK)
    let process = try start("1.log", output: "pipe")
    var bytes = [UInt8](repeating: 0, count: 100)
    #expect(loop.run { read(reader, &bytes, bytes.count) > 0 })
    close(reader)
    #expect(end(process) == 0)
    #expect(errors.isEmpty)
  }
}
