import Daemon
import Glibc
import JSON
import LogText

/// Where a command prints: results to one place, complaints and progress to another.
final class Output {
  /// Whether people see what is printed as it comes.
  let isTerminal: Bool

  /// Whether people see complaints and progress as they come.
  let showsProgress: Bool

  /// Whether nobody reads the results any more.
  private(set) var isClosed = false

  private let result: ([UInt8]) -> Bool
  private let complaint: (String) -> Void
  private var hasProgress = false

  /// Creates an output.
  ///
  /// - Parameters:
  ///   - result: takes a result's lines, their ends included; false where nobody reads them any more.
  ///   - complaint: takes the text of complaints and progress.
  init(
    isTerminal: Bool,
    showsProgress: Bool,
    result: @escaping ([UInt8]) -> Bool,
    complaint: @escaping (String) -> Void
  ) {
    self.isTerminal = isTerminal
    self.showsProgress = showsProgress
    self.result = result
    self.complaint = complaint
  }

  /// Prints to stdout and stderr.
  static var standard: Output {
    Output(
      isTerminal: isatty(STDOUT_FILENO) == 1,
      showsProgress: isatty(STDERR_FILENO) == 1,
      result: { write($0, to: STDOUT_FILENO) },
      complaint: { _ = write(Array($0.utf8), to: STDERR_FILENO) }
    )
  }

  /// Prints a line of the result.
  func line(_ text: String) { lines(Array((text + "\n").utf8)) }

  /// Prints whole lines of the result, their ends included.
  func lines(_ bytes: [UInt8]) {
    clearProgress()
    if !isClosed, !bytes.isEmpty { isClosed = !result(bytes) }
  }

  /// Prints a JSON object as a line of the result.
  func line(_ json: JSONWriter) { lines(json.finish() + [UInt8(ascii: "\n")]) }

  /// Prints a sentence about what went wrong.
  func complain(_ sentence: String) { note("netmine: \(sentence)") }

  /// Prints a line for people that is no part of the result.
  func note(_ line: String) {
    clearProgress()
    complaint(line + "\n")
  }

  /// Shows how far the work is, in place of what was shown before; on a terminal only.
  func progress(_ text: String) {
    guard showsProgress else { return }
    complaint("\r\u{1b}[K" + text)
    hasProgress = true
  }

  /// Takes away what `progress` showed.
  func clearProgress() {
    guard hasProgress else { return }
    complaint("\r\u{1b}[K")
    hasProgress = false
  }

  /// Writes all of it, however long that takes; false where nobody reads it.
  static func write(_ text: [UInt8], to descriptor: Int32) -> Bool {
    var bytes = text[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        bytes = bytes.dropFirst(count)
      } else if errno == EAGAIN {
        var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        Glibc.poll(&poll, 1, -1)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }
}
