import EventLoop
import Glibc
import JSON

/// A line of a display that is refreshed.
public enum ScreenLine {
  /// For people.
  case text(String)
  /// For programs.
  case json(JSONWriter)
}

extension ClientEnvironment {
  /// Refreshes a display. On a terminal it redraws the display in place until the user presses q. Elsewhere it prints
  /// every refresh, with an empty line between texts.
  ///
  /// - Parameters:
  ///   - interval: seconds between refreshes.
  ///   - count: number of refreshes; nil for no limit.
  ///   - key: called with each byte typed, except q.
  ///   - look: returns the lines to show, given the number of rows of the terminal; nil if not on a terminal.
  public func onScreen(
    interval: Double,
    count: Int?,
    key: @escaping (UInt8) -> Void = { _ in },
    _ look: (_ rows: Int?) throws(ClientFailure) -> [ScreenLine]
  ) throws(ClientFailure) -> ExitStatus {
    var isOver = false
    var isDue = true
    let interruption = Interruption(on: loop, isHeard: hearsSignals)
    let terminal =
      isJSON || !output.isTerminal
      ? nil
      : Terminal(on: loop) { byte in
        if byte == UInt8(ascii: "q") { isOver = true } else { key(byte) }
        isDue = true
      }
    defer { terminal?.restore() }
    let resize = terminal.map { _ in SignalWatcher(SIGWINCH, on: loop) { isDue = true } }
    defer { resize?.cancel() }
    let timer = TimerWatcher(on: loop) { isDue = true }
    defer { timer.cancel() }
    var done = 0
    while !isOver, !interruption.hasCome, !output.isClosed {
      guard isDue else {
        loop.runOnce()
        continue
      }
      isDue = false
      let lines = try look(terminal?.size.rows)
      show(lines, terminal, isFirst: done == 0)
      done += 1
      if let count, done >= count { break }
      timer.start(after: interval)
    }
    return .succeeded
  }

  private func show(_ lines: [ScreenLine], _ terminal: Terminal?, isFirst: Bool) {
    if let terminal {
      return terminal.show(lines.map { if case .text(let text) = $0 { text } else { "" } })
    }
    if !isFirst, !isJSON { output.line("") }
    for line in lines {
      switch line {
      case .text(let text): output.line(text)
      case .json(let json): output.line(json)
      }
    }
  }
}
