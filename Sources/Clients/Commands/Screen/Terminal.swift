import Bytes
import EventLoop
import Glibc

/// The terminal a person sits at, taken over to show one changing picture; given back at `restore()`.
public final class Terminal {
  private let before: termios
  private let keyboard: DescriptorWatcher
  private var isRestored = false

  /// Takes the terminal over; nil where stdin or stdout is none.
  ///
  /// - Parameter key: told each byte that is typed.
  public init?(on loop: EventLoop, key: @escaping (UInt8) -> Void) {
    guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { return nil }
    var mode = termios()
    guard tcgetattr(STDIN_FILENO, &mode) == 0 else { return nil }
    before = mode
    // Keys come one by one and unseen; Ctrl-C still interrupts, Ctrl-Z would leave the terminal so.
    mode.c_lflag &= ~tcflag_t(ICANON | ECHO)
    withUnsafeMutableBytes(of: &mode.c_cc) { $0[Int(VSUSP)] = 0 }
    tcsetattr(STDIN_FILENO, TCSANOW, &mode)
    keyboard = DescriptorWatcher(STDIN_FILENO, on: loop) { _ in
      var bytes = [UInt8](repeating: 0, count: 64)
      let count = read(STDIN_FILENO, &bytes, bytes.count)
      for byte in bytes.prefix(max(0, count)) { key(byte) }
    }
    keyboard.watch(for: .readable)
    // The other screen, without a cursor.
    Self.write("\u{1b}[?1049h\u{1b}[?25l")
  }

  /// Gives the terminal back as it was. Does nothing the second time.
  public func restore() {
    guard !isRestored else { return }
    isRestored = true
    keyboard.cancel()
    Self.write("\u{1b}[?25h\u{1b}[?1049l")
    var mode = before
    tcsetattr(STDIN_FILENO, TCSANOW, &mode)
  }

  /// How many lines and columns there are now.
  public var size: (rows: Int, columns: Int) {
    var window = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_row > 0, window.ws_col > 0 else {
      return (24, 80)
    }
    return (Int(window.ws_row), Int(window.ws_col))
  }

  /// Shows lines, as many and as much of each as there is room for.
  public func show(_ lines: [String]) { Self.write(Self.picture(lines, size)) }

  /// What is written to show lines in place of what was shown before.
  public static func picture(_ lines: [String], _ size: (rows: Int, columns: Int)) -> String {
    var text = "\u{1b}[H"
    for (index, line) in lines.prefix(size.rows).enumerated() {
      if index > 0 { text += "\r\n" }
      text += line.prefix(size.columns) + "\u{1b}[K"
    }
    return text + "\u{1b}[J"
  }

  // A terminal that is gone hangs up the program.
  private static func write(_ text: String) { _ = try? DescriptorOutput.standard(Array(text.utf8)) }
}
