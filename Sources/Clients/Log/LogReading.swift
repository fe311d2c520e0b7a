import Bytes
import Commands
import EventLoop
import LogConsumer
import LogFiles
import LogProtocol
import LogText

/// Reads log files one after another in order of time, reports damage, and shows the progress.
final class LogReading {
  /// Whether everything read so far was readable.
  private(set) var isWhole = true

  /// Whether to report damage.
  var complains = true

  private let options: LogFileOptions
  private let criteria: RecordCriteria
  private let times: Range<UInt64>
  private let output: Output
  private var progress: ReadingProgress
  private var place = (index: 0, count: 1)

  /// Prepares to read the files of the options.
  ///
  /// - Parameter criteria: the wanted records. With an index, parts of files outside its times are skipped.
  init(_ options: LogFileOptions, _ output: Output, for criteria: RecordCriteria = RecordCriteria()) {
    self.options = options
    self.criteria = criteria
    let end = criteria.end ?? .max
    times = min(criteria.start, end)..<end
    self.output = output
    progress = ReadingProgress(output)
  }

  /// The exit status of a command that otherwise succeeded: `someFailed` if a file was damaged or unreadable.
  var status: ExitStatus { isWhole ? .succeeded : .someFailed }

  /// Calls `body` with each piece of each file; stops early if `body` returns false or the output is closed.
  func forEachPiece(_ body: (LogPiece, LogFile) throws(ClientFailure) -> Bool) throws(ClientFailure) {
    try forEachFile { file throws(ClientFailure) in
      while let piece = next(file) {
        guard try body(piece, file), !output.isClosed else { return false }
      }
      return true
    }
  }

  /// Calls `body` with each file; stops early if `body` returns false.
  func forEachFile(_ body: (LogFile) throws(ClientFailure) -> Bool) throws(ClientFailure) {
    defer { output.clearProgress() }
    let paths = LogFiles.chronological(options.files, format: options.format)
    for (index, path) in paths.enumerated() {
      guard let file = open(path) else { continue }
      place = (index, paths.count)
      guard try body(file) else { return }
    }
  }

  /// Opens a file; returns nil and reports the error if that fails.
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

  /// Returns the next piece of a file; nil at its end, or after reporting an error.
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

  /// Reports that a file cannot be read.
  func note(_ error: IOError, _ path: String) {
    isWhole = false
    output.complain("\(path) cannot be read: \(error).")
  }

  /// Calls `body` with each record of each file, decoded once, and with its stored form. Stops early if `body` returns
  /// false or the output is closed.
  ///
  /// - Parameter body: its last argument is whether the criteria select the record.
  func forEach(
    _ body: (StreamRecord, LogRecord, _ isWanted: Bool) throws(ClientFailure) -> Bool
  ) throws(ClientFailure) {
    var selection = RecordSelection(criteria)
    try forEachPiece { piece, _ throws(ClientFailure) in
      guard case .record(let stored) = piece else { return true }
      let record = stored.typed
      return try body(record, stored, selection.shows(record))
    }
  }

  /// Reports bytes that are not a record, if `complains` is set.
  func note(_ damage: LogDamage) {
    isWhole = false
    if complains { output.complain("\(damage).") }
  }
}

/// Shows how much of the files has been read, if it takes longer than a second and the output shows progress.
struct ReadingProgress {
  private let output: Output
  private let begin = Clock.monotonic()
  private var last: UInt64 = 0

  /// Records between two looks at the clock.
  static let step: UInt64 = 4096

  /// Shows progress on `output`.
  init(_ output: Output) { self.output = output }

  /// Updates the progress, after `step` more records.
  mutating func note(_ file: LogFile, _ index: Int, of fileCount: Int) {
    guard output.showsProgress else { return }
    let now = Clock.monotonic()
    // A run of less than a second needs no progress bar.
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
  /// The text, padded with spaces to `count` characters.
  fileprivate func padding(to count: Int) -> String {
    self + String(repeating: " ", count: max(0, count - self.count))
  }
}
