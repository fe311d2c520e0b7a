import Bytes
import Daemon
import Glibc
import JSON
import LogText

/// The output of a command: results to one destination, complaints and progress to another.
public final class Output {
  /// Whether results go to a terminal.
  public let isTerminal: Bool

  /// Whether complaints and progress go to a terminal.
  public let showsProgress: Bool

  /// Whether results are discarded, because their reader is gone or writing failed.
  public private(set) var isClosed = false

  /// The first error of writing results; it makes the exit status 1.
  public private(set) var failure: IOError?

  private let result: ([UInt8]) throws(IOError) -> Bool
  private let complaint: (String) -> Void
  private var hasProgress = false

  /// Creates an output.
  ///
  /// - Parameters:
  ///   - result: writes whole lines of the result; returns false if their reader is gone.
  ///   - complaint: writes complaints and progress.
  public init(
    isTerminal: Bool,
    showsProgress: Bool,
    result: @escaping ([UInt8]) throws(IOError) -> Bool,
    complaint: @escaping (String) -> Void
  ) {
    self.isTerminal = isTerminal
    self.showsProgress = showsProgress
    self.result = result
    self.complaint = complaint
  }

  /// An output to stdout and stderr.
  public static var standard: Output {
    Output(
      isTerminal: isatty(STDOUT_FILENO) == 1,
      showsProgress: isatty(STDERR_FILENO) == 1,
      result: { (bytes) throws(IOError) in try DescriptorOutput.standard(bytes) },
      complaint: { _ = try? DescriptorOutput.write(Array($0.utf8), to: STDERR_FILENO, as: "standard error") }
    )
  }

  /// Prints a line of the result.
  public func line(_ text: String) { lines(Array((text + "\n").utf8)) }

  /// Prints whole lines of the result, with their line feeds.
  public func lines(_ bytes: [UInt8]) {
    clearProgress()
    guard !isClosed, !bytes.isEmpty else { return }
    do throws(IOError) {
      isClosed = try !result(bytes)
    } catch {
      isClosed = true
      failed(error)
    }
  }

  /// Records that a result could not be written, to stdout or to a file; the exit status is then 1.
  public func failed(_ error: IOError) { if failure == nil { failure = error } }

  /// Prints a JSON object as a line of the result.
  public func line(_ json: JSONWriter) { lines(json.finish() + [UInt8(ascii: "\n")]) }

  /// Prints a sentence about an error.
  public func complain(_ sentence: String) { note("netmine: \(sentence)") }

  /// Prints a line for people that is not part of the result.
  public func note(_ line: String) {
    clearProgress()
    complaint(line + "\n")
  }

  /// Replaces the progress line; does nothing if stderr is not a terminal.
  public func progress(_ text: String) {
    guard showsProgress else { return }
    complaint("\r\u{1b}[K" + text)
    hasProgress = true
  }

  /// Removes the progress line.
  public func clearProgress() {
    guard hasProgress else { return }
    complaint("\r\u{1b}[K")
    hasProgress = false
  }
}
