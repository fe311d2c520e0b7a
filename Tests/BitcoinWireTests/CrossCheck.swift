import BitcoinWire
import Bytes
import Foundation
import TestSupport
import Testing

/// Runs a script that reads and writes messages with another implementation.
///
/// `NETMINE_PYTHON` names a Python interpreter with these implementations.
struct CrossCheck {
  static let python = ProcessInfo.processInfo.environment["NETMINE_PYTHON"]

  /// A script's answer about a message.
  struct Answer {
    /// "read", or "made" for a message that the script created.
    let word: String
    /// The message as the other implementation encodes it; empty if it cannot.
    let bytes: [UInt8]
    /// The message's fields in the script's form.
    let fields: String
  }

  /// Name of the script, which is in the same folder as this file.
  let script: String

  /// Sends messages to the script. Returns its answers, and `count` messages that the script makes.
  func run(_ messages: [[UInt8]], make count: Int) throws -> [Answer] {
    let folder = TemporaryFolder()
    try folder.write("input", messages.map { Hexadecimal.text($0) + "\n" }.joined())
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(script)
    let process = try ChildProcess(
      Self.python!,
      [script.path, String(count)],
      input: folder.path + "input",
      output: folder.path + "output"
    )
    try #require(process.wait() == 0)
    let text = try folder.read("output")
    let answers = text.split(separator: "\n").map { line in
      let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      return Answer(word: parts[0], bytes: Hexadecimal.bytes(parts[1])!, fields: parts[2])
    }
    try #require(answers.count == messages.count + count)
    return answers
  }

  /// Expects the script to agree about the fields and the bytes of messages, and of `count` messages that it
  /// makes.
  ///
  /// - Parameters:
  ///   - writesAll: whether the script can encode every message that it can decode.
  ///   - fields: a message's fields in the script's form.
  ///   - made: gets each message that the script has made.
  func expectAgreement(
    about messages: [Message],
    make count: Int,
    writesAll: Bool = true,
    fields: (Message) -> String,
    _ made: (Message) throws -> Void = { _ in }
  ) throws {
    let answers = try run(messages.map(Network.mainnet.frame), make: count)
    for (message, answer) in zip(messages, answers) {
      #expect(answer.word == "read")
      #expect(answer.bytes.isEmpty && !writesAll || answer.bytes == Network.mainnet.frame(message))
      #expect(answer.fields == fields(message))
    }
    for answer in answers.dropFirst(messages.count) {
      #expect(answer.word == "made")
      let header = MessageHeader(peeking: answer.bytes.span.bytes)!
      let expected = Framer.Status.message(header, total: answer.bytes.count, checksumValid: true)
      #expect(Network.mainnet.framer.next(in: answer.bytes.span.bytes) == expected)
      let decoded = try Message.decode(header.command, Array(answer.bytes[MessageHeader.size...]))
      #expect(decoded.trailing == [])
      #expect(fields(decoded.message) == answer.fields)
      #expect(Network.mainnet.frame(decoded.message) == answer.bytes)
      try made(decoded.message)
    }
  }
}
