import Glibc
import Logging
import Testing

@testable import Daemon

@Suite struct StandardErrorLogTests {
  func line(_ message: String, _ metadata: Logger.Metadata = [:], hasColours: Bool = false) -> String {
    StandardErrorLog.line(
      time: timespec(tv_sec: 1_767_225_599, tv_nsec: 1_999),
      level: .warning,
      program: "connector",
      message: message,
      metadata: metadata,
      hasColours: hasColours
    )
  }

  @Test func writesTimeLevelProgramAndMessage() {
    #expect(line("hello") == "2025-12-31T23:59:59.000001Z warning  connector: hello\n")
  }

  @Test func writesMetadataInOrder() {
    let metadata: Logger.Metadata = ["b": "2", "a": "one two", "c": "", "d": "\"x\""]
    #expect(line("m", metadata).hasSuffix("connector: m a=\"one two\" b=2 c=\"\" d=\"\\\"x\\\"\"\n"))
  }

  @Test func keepsStrangersFromTheTerminal() {
    let line = line("a\nb\u{1B}[31m\u{9B}", ["k\n": "\r\n"])
    #expect(line.hasSuffix("connector: a\\nb\\u{1b}[31m\\u{9b} k\\n=\\u{d}\\n\n"))
  }

  @Test func coloursOnlyTheLevel() {
    #expect(line("m", hasColours: true).hasSuffix("Z \u{1B}[33mwarning \u{1B}[0m connector: m\n"))
  }
}
