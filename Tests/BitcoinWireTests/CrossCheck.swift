import BitcoinWire
import Bytes
import Foundation
import TestSupport
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

  /// Expects the script to agree about messages, and as many of its own making as `count`: what is in them, and how they
  /// are written.
  ///
  /// - Parameters:
  ///   - writesAll: whether it can write all that it can read.
  ///   - fields: a message's fields as the script spells them.
  ///   - made: gets each message that it has made.
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
