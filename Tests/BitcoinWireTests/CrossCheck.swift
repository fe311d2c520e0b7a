import Bytes
import Foundation
import Testing

/// Runs a script that speaks the protocol by way of another implementation.
///
/// `NETMINE_PYTHON` names a Python that has the implementations.
struct CrossCheck {
  static let python = ProcessInfo.processInfo.environment["NETMINE_PYTHON"]

  /// What a script says of a message.
  struct Answer {
    /// "read", or "made" of a message that the script thought of.
    let word: String
    /// The message as the other implementation writes it; empty where it cannot.
    let bytes: [UInt8]
    /// Its fields as the script spells them.
    let fields: String
  }

  /// Name of the script, which lies beside this file.
  let script: String

  /// Tells the script messages, and gets its answers and as many messages of its own making as `count`.
  func run(_ messages: [[UInt8]], make count: Int) throws -> [Answer] {
    let input = FileManager.default.temporaryDirectory.appendingPathComponent("crosscheck-\(UUID()).txt")
    defer { try? FileManager.default.removeItem(at: input) }
    try Data(messages.map { Hexadecimal.text($0) + "\n" }.joined().utf8).write(to: input)
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(script)
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: Self.python!)
    process.arguments = [script.path, String(count)]
    process.standardInput = try FileHandle(forReadingFrom: input)
    process.standardOutput = output
    try process.run()
    let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    let answers = text.split(separator: "\n").map { line in
      let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      return Answer(word: parts[0], bytes: Hexadecimal.bytes(parts[1])!, fields: parts[2])
    }
    try #require(answers.count == messages.count + count)
    return answers
  }
}
