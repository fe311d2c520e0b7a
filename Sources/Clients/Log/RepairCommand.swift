import ArgumentParser
import Bytes
import Commands
import Glibc
import LogFiles
import LogProtocol
import LogText

/// `netmine log repair`: saves the readable part of a damaged file.
struct RepairCommand: LogToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair",
    abstract: "Write the readable records of a damaged file to another, or cut off a torn end in place.",
    discussion: """
      Without --in-place: writes every whole record, byte for byte, in the file's own format, uncompressed. \
      With --in-place: cuts off a torn end, and saves it beside the file as FILE.torn-UNIXTIME. A file with \
      other damage, or a compressed one, is not changed. Every part left out is reported. Exit status 0 if \
      the file is repaired or was whole.
      """
  )

  @Flag(help: "Cut off a torn end of the file itself.")
  var inPlace = false

  @OptionGroup(title: "Output file") var target: ByteOutputOptions
  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { false }

  func validate() throws {
    guard input.files.count == 1 else { throw ValidationError("Name one file.") }
    guard !inPlace || target.path == nil else { throw ValidationError("--in-place excludes -o.") }
    guard !inPlace || input.files != ["-"] else { throw ValidationError("--in-place needs a file, not -.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let output = inPlace ? nil : try target.open(environment.output)
    let reading = LogReading(input, environment.output)
    reading.complains = false
    var damages: [LogDamage] = []
    var count = 0
    var isCompressed = false
    var wasOpened = false
    try reading.forEachPiece { piece, file throws(ClientFailure) in
      wasOpened = true
      isCompressed = file.isCompressed
      switch piece {
      case .damage(let damage):
        damages.append(damage)
        environment.output.note("left out: \(damage)")
      case .record(let record):
        count += 1
        guard let output else { return true }
        if count == 1, record.format == .native {
          let time = file.creationTime == 0 ? record.header.time : file.creationTime
          output.bytes += StreamPreamble.bytes(createdAt: time)
        }
        output.bytes.append(contentsOf: record.bytes)
        return try output.flushIfMuch()
      }
      return true
    }
    // A file that cannot be opened has been reported already.
    guard wasOpened || reading.isWhole else { return .someFailed }
    if let output {
      try output.finish()
    } else if let torn = damages.first {
      guard damages.count == 1, torn.kind == .torn, !isCompressed else {
        throw ClientFailure(.someFailed, "\(torn.path) cannot be repaired in place: write a copy with -o.")
      }
      try Self.cut(torn, environment.output)
    }
    let lost = damages.reduce(0) { $0 + $1.count }
    environment.output.note(
      "\(Quantity.counted(count, "record")) kept, \(lost) bytes left out in \(Quantity.counted(damages.count, "place"))"
    )
    return .succeeded
  }

  /// Saves the torn end to a file and cuts it off.
  private static func cut(_ torn: LogDamage, _ output: Output) throws(ClientFailure) {
    let descriptor = open(torn.path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw ClientFailure(.someFailed, "\(IOError("open \(torn.path)")).") }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: Int(torn.count))
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + start, $0.count - start, off_t(torn.offset) + off_t(start))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw ClientFailure(.someFailed, "\(IOError("read \(torn.path)")).") }
      start += count
    }
    var end = stat()
    guard fstat(descriptor, &end) == 0, UInt64(end.st_size) == torn.offset + torn.count else {
      throw ClientFailure(.someFailed, "\(torn.path) is still being written.")
    }
    let saved = "\(torn.path).torn-\(time(nil))"
    let copy = try ByteOutput(saved, output)
    copy.bytes = bytes
    try copy.finish()
    guard ftruncate(descriptor, off_t(torn.offset)) == 0, fsync(descriptor) == 0 else {
      throw ClientFailure(.someFailed, "\(IOError("cut \(torn.path)")).")
    }
    output.note("saved the torn end as \(saved)")
  }
}
