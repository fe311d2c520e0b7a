import Bytes
import Daemon
import Glibc
import JSON
import LogText

/// Where a command prints: results to one place, complaints and progress to another.
public final class Output {
  /// Whether people see what is printed as it comes.
  public let isTerminal: Bool

  /// Whether people see complaints and progress as they come.
  public let showsProgress: Bool

  /// Whether results go nowhere: nobody reads them any more, or they cannot be written.
  public private(set) var isClosed = false

  /// The first error of writing results; the command then ends with exit status 1.
  public private(set) var failure: IOError?

  private let result: ([UInt8]) throws(IOError) -> Bool
  private let complaint: (String) -> Void
  private var hasProgress = false

  /// Creates an output.
  ///
  /// - Parameters:
  ///   - result: takes a result's lines, their ends included; false if nobody reads them any more.
  ///   - complaint: takes the text of complaints and progress.
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

  /// Prints to stdout and stderr.
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

  /// Prints whole lines of the result, their ends included.
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

  /// Takes in that a result could not be written, to wherever it goes: the command ends with exit status 1.
  public func failed(_ error: IOError) { if failure == nil { failure = error } }

  /// Prints a JSON object as a line of the result.
  public func line(_ json: JSONWriter) { lines(json.finish() + [UInt8(ascii: "\n")]) }

  /// Prints a sentence about what went wrong.
  public func complain(_ sentence: String) { note("netmine: \(sentence)") }

  /// Prints a line for people that is no part of the result.
  public func note(_ line: String) {
    clearProgress()
    complaint(line + "\n")
  }

  /// Shows how far the work is, in place of what was shown before; on a terminal only.
  public func progress(_ text: String) {
    guard showsProgress else { return }
    complaint("\r\u{1b}[K" + text)
    hasProgress = true
  }

  /// Takes away what `progress` showed.
  public func clearProgress() {
    guard hasProgress else { return }
    complaint("\r\u{1b}[K")
    hasProgress = false
  }
}
