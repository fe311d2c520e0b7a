import Bytes
import Commands
import EventLoop
import LogConsumer
import LogFiles
import LogProtocol
import LogText

/// Reads log files one after another in the order of time, says what is damaged, and shows how far it is.
final class LogReading {
  /// Whether all was readable so far.
  private(set) var isWhole = true

  /// Whether to say what is damaged.
  var complains = true

  private let options: LogFileOptions
  private let times: Range<UInt64>
  private let output: Output
  private var progress: ReadingProgress
  private var place = (index: 0, count: 1)

  /// Prepares to read the files that were asked for.
  ///
  /// - Parameter filter: what is wanted of them; what their indexes say to be later is left out.
  init(_ options: LogFileOptions, _ output: Output, for filter: RecordCriteria = RecordCriteria()) {
    self.options = options
    let end = filter.end ?? .max
    times = min(filter.start, end)..<end
    self.output = output
    progress = ReadingProgress(output)
  }

  /// How the command ends, where it did all that it could.
  var status: ExitStatus { isWhole ? .succeeded : .someFailed }

  /// Calls `body` with each piece of each file; stops early where it returns false.
  func forEachPiece(_ body: (LogPiece, LogFile) throws(ClientFailure) -> Bool) throws(ClientFailure) {
    try forEachFile { file throws(ClientFailure) in
      while let piece = next(file) {
        guard try body(piece, file), !output.isClosed else { return false }
      }
      return true
    }
  }

  /// Calls `body` with each file; stops early where it returns false.
  func forEachFile(_ body: (LogFile) throws(ClientFailure) -> Bool) throws(ClientFailure) {
    defer { output.clearProgress() }
    let paths = LogFiles.chronological(options.files, format: options.format)
    for (index, path) in paths.enumerated() {
      guard let file = open(path) else { continue }
      place = (index, paths.count)
      guard try body(file) else { return }
    }
  }

  /// Opens a file; nil, and says why, where that cannot be done.
  func open(_ path: String, bufferCount: Int = LogFile.defaultBufferCount) -> LogFile? {
    do throws(IOError) {
      let file = try LogFile(path, format: options.format, bufferCount: bufferCount)
      if times != 0..<UInt64.max { file.limit(to: times, seeks: options.seek) }
      return file
    } catch {
      note(error, path)
      return nil
    }
  }

  /// The next piece of a file; nil at its end, and says why where it cannot be read on.
  func next(_ file: LogFile) -> LogPiece? {
    do throws(IOError) {
      let piece = try file.next()
      if case .damage(let damage) = piece { note(damage) }
      if file.recordCount % ReadingProgress.step == 0 { progress.note(file, place.index, of: place.count) }
      return piece
    } catch {
      note(error, file.path)
      return nil
    }
  }

  /// Takes in that a file cannot be read.
  func note(_ error: IOError, _ path: String) {
    isWhole = false
    output.complain("\(path) cannot be read: \(error).")
  }

  /// Calls `body` with each record of each file; stops early where it returns false.
  func forEach(_ body: (LogRecord, LogFile) throws(ClientFailure) -> Bool) throws(ClientFailure) {
    try forEachPiece { piece, file throws(ClientFailure) in
      guard case .record(let record) = piece else { return true }
      return try body(record, file)
    }
  }

  /// Takes in that something is no record.
  func note(_ damage: LogDamage) {
    isWhole = false
    if complains { output.complain("\(damage).") }
  }
}

/// Shows how much of the files is read, where that takes long and somebody looks.
struct ReadingProgress {
  private let output: Output
  private let begin = Clock.monotonic()
  private var last: UInt64 = 0

  /// How many records are read from one look at the clock to the next.
  static let step: UInt64 = 4096

  /// Shows progress at `output`.
  init(_ output: Output) { self.output = output }

  /// Takes in that `step` more records were read.
  mutating func note(_ file: LogFile, _ index: Int, of fileCount: Int) {
    guard output.showsProgress else { return }
    let now = Clock.monotonic()
    // What takes less than a second needs no bar.
    guard now - begin > 1_000_000_000, now - last > 200_000_000 else { return }
    last = now
    let (read, total) = file.progress
    let name = fileCount > 1 ? "\(index + 1)/\(fileCount) \(file.path)" : file.path
    guard let total, total > 0 else { return output.progress("\(name): \(Figures.bytes(Double(read)))") }
    let share = min(Double(read) / Double(total), 1)
    let bar = String(repeating: "#", count: Int(share * 30)).padding(to: 30)
    output.progress("\(name): [\(bar)] \(Int(share * 100)) % of \(Figures.bytes(Double(total)))")
  }
}

extension String {
  /// The text with spaces after it, so that it has that many characters.
  fileprivate func padding(to count: Int) -> String {
    self + String(repeating: " ", count: max(0, count - self.count))
  }
}
