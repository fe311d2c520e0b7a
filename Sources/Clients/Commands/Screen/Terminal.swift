import Bytes
import EventLoop
import Glibc

/// The user's terminal, taken over for a full-screen display until `restore()`.
public final class Terminal {
  private let before: termios
  private let keyboard: DescriptorWatcher
  private var isRestored = false

  /// Takes the terminal over; nil if stdin or stdout is not a terminal.
  ///
  /// - Parameter key: called with each byte typed.
  public init?(on loop: EventLoop, key: @escaping (UInt8) -> Void) {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { return nil }
    var mode = termios()
    guard tcgetattr(STDIN_FILENO, &mode) == 0 else { return nil }
    before = mode
    // Keys arrive one at a time and are not echoed. Ctrl-C still interrupts. Ctrl-Z is disabled, because it
    // would leave the terminal in this mode.
    mode.c_lflag &= ~tcflag_t(ICANON | ECHO)
    withUnsafeMutableBytes(of: &mode.c_cc) { $0[Int(VSUSP)] = 0 }
    tcsetattr(STDIN_FILENO, TCSANOW, &mode)
    keyboard = DescriptorWatcher(STDIN_FILENO, on: loop) { _ in
      var bytes = [UInt8](repeating: 0, count: 64)
      let count = read(STDIN_FILENO, &bytes, bytes.count)
      for byte in bytes.prefix(max(0, count)) { key(byte) }
    }
    keyboard.watch(for: .readable)
    // Switch to the alternate screen and hide the cursor.
    Self.write("\u{1b}[?1049h\u{1b}[?25l")
  }

  /// Restores the terminal. Does nothing the second time.
  public func restore() {
    guard !isRestored else { return }
    isRestored = true
    keyboard.cancel()
    Self.write("\u{1b}[?25h\u{1b}[?1049l")
    var mode = before
    tcsetattr(STDIN_FILENO, TCSANOW, &mode)
  }

  /// The terminal's current size; 24 rows and 80 columns if it is unknown.
  public var size: (rows: Int, columns: Int) {
    var window = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_row > 0, window.ws_col > 0 else {
      return (24, 80)
    }
    return (Int(window.ws_row), Int(window.ws_col))
  }

  /// Shows lines, cut to the size of the terminal.
  public func show(_ lines: [String]) { Self.write(Self.picture(lines, size)) }

  /// The text, with escape sequences, that replaces the display by these lines.
  public static func picture(_ lines: [String], _ size: (rows: Int, columns: Int)) -> String {
    var text = "\u{1b}[H"
    for (index, line) in lines.prefix(size.rows).enumerated() {
      if index > 0 { text += "\r\n" }
      text += line.prefix(size.columns) + "\u{1b}[K"
    }
    return text + "\u{1b}[J"
  }

  // Errors are ignored: if the terminal is gone, SIGHUP ends the program.
  private static func write(_ text: String) { _ = try? DescriptorOutput.standard(Array(text.utf8)) }
}
