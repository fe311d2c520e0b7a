import ArgumentParser
import BitcoinWire
import Bytes
import EventLoop
import Foundation
import LogProtocol
import Observations

/// `bench verbatim`: measures how fast records are archived, compared with `dd` to the same disk in the same
/// run.
struct VerbatimBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verbatim",
    abstract: "Measure the archiver, compared with dd bs=1M conv=fdatasync to the same disk.",
    discussion: """
      The bench acts as the log server. It sends records as fast as they are accepted, until all are \
      acknowledged; with --fsync interval or batch they are then on the disk. dd writes as many bytes from a \
      file of records in memory. Both are measured in turns; figures are medians in MB/s.
      """
  )

  @Option(help: "Folder on the disk to measure.")
  var folder = "."

  @Option(help: "MiB to archive in each sample.")
  var size = 1024

  @Option(help: "Samples of each program.")
  var samples = 5

  @Option(help: "Bytes of each message's payload.")
  var payload = 1024

  @Option(help: "When verbatim calls fsync: none, interval or batch.")
  var fsync = "batch"

  @Option(
    parsing: .unconditionalSingleValue,
    help: "Another option of verbatim, such as --set=…. May be repeated."
  )
  var option: [String] = []

  func run() throws {
    var archive: [Double] = []
    var disk: [Double] = []
    let place = folder + "/netmine-bench-\(UInt32.random(in: 0 ... .max))/"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: place) }
    let load = VerbatimLoad(payload: payload, size: size << 20)
    // dd's input is in memory, like verbatim's. The file is unlinked, so that nothing is left of it.
    let path = "/dev/shm/netmine-bench-\(UInt32.random(in: 0 ... .max))"
    try Data().write(to: URL(fileURLWithPath: path))
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    unlink(path)
    for _ in 0..<load.blockCount { try file.write(contentsOf: Data(load.block)) }
    let source = "/proc/\(getpid())/fd/\(file.fileDescriptor)"
    defer { try? file.close() }
    for _ in 0..<samples {
      disk.append(try write(source, to: place + "dd", load))
      unlink(place + "dd")
      archive.append(try load.archive(in: place, ["--fsync", fsync] + option))
      try? FileManager.default.removeItem(atPath: place + "archive")
    }
    let (ours, theirs) = (median(archive), median(disk))
    emit(
      "verbatim \(Int(ours)) MB/s, dd \(Int(theirs)) MB/s, ratio \(String(format: "%.2f", ours / theirs))"
    )
    emit("all: verbatim \(archive.map { Int($0) }), dd \(disk.map { Int($0) })")
  }

  /// Lets dd write as many bytes; returns MB/s.
  private func write(_ source: String, to path: String, _ load: VerbatimLoad) throws -> Double {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/dd")
    process.arguments = ["if=\(source)", "of=\(path)", "bs=1M", "conv=fdatasync", "status=none"]
    let start = Clock.monotonic()
    try process.run()
    process.waitUntilExit()
    return Double(load.blockCount * load.block.count) / (Double(Clock.monotonic() - start) * 1e-9) / 1e6
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

/// Records to archive, and the log server's end of the connection.
private final class VerbatimLoad {
  /// Whole records, about 16 MiB.
  private(set) var block: [UInt8] = []
  private let recordSize: Int
  /// How many times the block is sent.
  let blockCount: Int
  private let source: UInt32 = 1_700_000_000

  init(payload: Int, size: Int) {
    let message = [UInt8](repeating: 0x5a, count: payload)
    var body: [UInt8] = []
    let command: Command = "inv"
    MessageHeader(magic: Network.mainnet.magic, command: command, payload: message.span.bytes).append(
      to: &body
    )
    body += message
    let header = RecordHeader(type: .message, source: source, time: 0, connection: 1, bodyCount: body.count)
    let record = header.record(body: body)
    recordSize = record.count
    for _ in 0..<max(1, (16 << 20) / record.count) { block += record }
    blockCount = max(1, size / block.count)
  }

  /// Starts verbatim, sends it everything, and ends it; returns MB/s up to the last acknowledgement.
  func archive(in folder: String, _ options: [String]) throws -> Double {
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    let path = folder + "subscribe"
    unlink(path)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    let isBound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard isBound == 0, listen(listener, 1) == 0 else { throw IOError("listen on \(path)") }
    let process = Process()
    let bench = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    process.executableURL = URL(fileURLWithPath: bench).deletingLastPathComponent().appendingPathComponent(
      "verbatim"
    )
    process.arguments = ["--root", folder, "--log-level", "error"] + options
    try process.run()
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    let reader = accept(listener, nil, nil)
    guard reader >= 0 else { throw IOError("accept on \(path)") }
    defer { close(reader) }
    let description = SourceDescription(
      instance: 1,
      process: 1,
      kind: "bench",
      name: "",
      version: ""
    )
    let joined = MetaBody.sourceJoined(source: source, description).body
    try send(
      StreamPreamble.bytes(createdAt: 1)
        + RecordHeader(type: .meta, time: 1, bodyCount: joined.count).record(body: joined),
      to: reader
    )
    let start = Clock.monotonic()
    var sequence: UInt64 = 0
    for _ in 0..<blockCount {
      for offset in stride(from: 0, to: block.count, by: recordSize) {
        sequence += 1
        block.withUnsafeMutableBytes {
          $0.storeBytes(of: sequence.bigEndian, toByteOffset: offset + 16, as: UInt64.self)
        }
      }
      try send(block, to: reader)
    }
    try awaitAcknowledgement(of: sequence, from: reader)
    return Double(blockCount * block.count) / (Double(Clock.monotonic() - start) * 1e-9) / 1e6
  }

  private func send(_ bytes: [UInt8], to descriptor: Int32) throws {
    try bytes.withUnsafeBytes { bytes in
      var rest = bytes
      while !rest.isEmpty {
        let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
        guard count > 0 else { throw IOError("send to verbatim") }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }

  private func awaitAcknowledgement(of sequence: UInt64, from descriptor: Int32) throws {
    var pending: [UInt8] = []
    var space = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(descriptor, &space, space.count)
      guard count > 0 else { throw IOError("hear from verbatim") }
      pending += space[..<count]
      let (taken, isDone) = try pending.withUnsafeBytes { bytes in
        var cursor = RecordCursor(bytes)
        var isDone = false
        while let (_, range) = try cursor.next() {
          let body = UnsafeRawBufferPointer(rebasing: bytes[range].dropFirst(RecordHeader.size))
          guard case .acknowledge(let sequences)? = try LinkMessage(body.bytes) else { continue }
          if sequences[source] == sequence { isDone = true }
        }
        return (cursor.offset, isDone)
      }
      if isDone { return }
      pending.removeFirst(taken)
    }
  }
}
