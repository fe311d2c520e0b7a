import BitcoinWire
import Bytes
import Foundation
import FuzzTargets
import JSON
import Testing

/// A message outside the registry. docs/extending.md refers to it, and the tests below take it through every
/// step there.
struct ExampleMessage: MessagePayload {
  static let maximumNote = 80

  var height: UInt32
  var note: [UInt8]

  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError) {
    height = try reader.little(UInt32.self, "height")
    note = try reader.counted("note", maximum: Self.maximumNote)
  }

  func append(to bytes: inout [UInt8]) {
    bytes.appendLittle(height)
    bytes.appendCounted(note)
  }

  static let fields: [MessageField] = [.required("height"), .optional("note")]

  init(fields: inout FieldReader) throws(FieldError) {
    height = try fields.integer("height")
    note = try fields.escaped("note") ?? []
  }

  func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("height", height)
    json.member("note", EscapedText.utf8(note))
  }

  func summary(in dialect: Dialect) -> String { "at \(height) \(EscapedText.utf8(note))" }

  static let samples = [ExampleMessage(height: 900_001, note: Array("hello".utf8))]
}

extension ExampleMessage {
  init(height: UInt32, note: [UInt8]) {
    self.height = height
    self.note = note
  }
}

extension MessageKind {
  static let example = MessageKind(
    "example",
    ExampleMessage.self,
    bips: [9999],
    since: 70018,
    limits: [("note", ExampleMessage.maximumNote)]
  )
}

/// Properties of every kind of message, and of the one that only this file defines.
@Suite struct MessageKindTests {
  static let kinds = MessageKind.all + [.example]

  @Test func isFoundByItsCommand() {
    for kind in MessageKind.all { #expect(MessageKind.of(kind.command)?.command == kind.command) }
    #expect(MessageKind.all.map(\.command) == Message.decodedCommands)
    #expect(MessageKind.of("getutxos") == nil)
  }

  /// Fails if a kind is defined but missing in `MessageKind.all`.
  @Test func everyKindThatIsWrittenIsInTheTable() throws {
    let folder = URL(filePath: MessageTableTests.page).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Sources/BitcoinWire/Messages")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    let written = try files.flatMap { file in
      try String(contentsOf: file, encoding: .utf8).matches(of: /static let (\w+) = MessageKind\(/).map {
        String($0.output.1)
      }
    }
    #expect(Set(written) == Set(Message.decodedCommands.map(\.description)))
    #expect(written.count == MessageKind.all.count)
  }

  /// Every message of `ALL_NET_MESSAGE_TYPES` in Bitcoin Core's `protocol.h` has a kind.
  @Test func knowsWhatCoreKnows() {
    let core = """
      version verack addr addrv2 sendaddrv2 inv getdata merkleblock getblocks getheaders tx headers block getaddr
      mempool ping pong notfound filterload filteradd filterclear sendheaders feefilter sendcmpct cmpctblock
      getblocktxn blocktxn getcfilters cfilter getcfheaders cfheaders getcfcheckpt cfcheckpt wtxidrelay sendtxrcncl
      feature
      """
    let current = MessageKind.all.filter { $0.removed == nil }.map(\.command)
    #expect(Set(current).isSuperset(of: core.split { $0 == " " || $0 == "\n" }.map { Command($0)! }))
  }

  @Test(arguments: kinds)
  func encodesAndDecodesItsSamples(_ kind: MessageKind) throws {
    #expect(!kind.samples.isEmpty)
    for message in kind.samples {
      let payload = message.payload
      #expect(message.command == kind.command)
      #expect(try kind.decode(payload.span.bytes) == DecodedMessage(message))
      if !payload.isEmpty {
        let longer = payload + [0xde, 0xad]
        #expect(try kind.decode(longer.span.bytes) == DecodedMessage(message, trailing: [0xde, 0xad]))
      }
      let whole = Network.regtest.frame(message)
      #expect(MessageHeader(peeking: whole.span.bytes)?.command == kind.command)
    }
  }

  @Test(arguments: kinds)
  func printsItsSamplesOnOneLine(_ kind: MessageKind) throws {
    for message in kind.samples {
      #expect(message.summary.hasPrefix(kind.command.description))
      #expect(kind.summary(of: message.payload.span.bytes) == message.summary)
      try expectLine(message.summary, of: "a summary")
      let more = kind.summary(of: (message.payload + [0xde, 0xad]).span.bytes)
      #expect(
        more == message.summary + " and 2 bytes left over" || kind.command == .block
          || message.payload.isEmpty
      )
    }
  }

  /// The field reader accepts the JSON of a message. Help lists its members, except those that follow from
  /// others.
  @Test(arguments: kinds)
  func isMadeOfTheFieldsThatItsHelpLists(_ kind: MessageKind) throws {
    let listed = Set(kind.fields.map(\.name))
    #expect(listed.count == kind.fields.count)
    for message in kind.samples {
      let fields = try json(message)
      #expect(try kind.message(fields: fields) == message)
      for name in fields.keys where !listed.contains(name) {
        var fewer = fields
        fewer[name] = nil
        #expect(try kind.message(fields: fewer) == message, "\(name) is in no help")
      }
      for field in kind.fields where field.need != .replacement {
        var fewer = fields
        fewer[field.name] = nil
        if field.need == .required {
          let error = #expect(throws: FieldError.self) { try kind.message(fields: fewer) }
          #expect(error?.description == "\(field.name) is missing")
        } else {
          #expect(throws: Never.self, "\(field.name)") { try kind.message(fields: fewer) }
        }
      }
      let wrong = fields.merging(["no such field": .bool(true)]) { $1 }
      #expect(throws: FieldError.self) { try kind.message(fields: wrong) }
    }
  }

  /// The reader knows every field that help lists, whether or not it accepts the value.
  @Test(arguments: kinds)
  func takesEveryFieldThatItsHelpLists(_ kind: MessageKind) throws {
    for field in kind.fields {
      var fields = try json(kind.samples[0])
      fields[field.name] = .array([.array([])])
      let error = #expect(throws: FieldError.self, "\(field.name)") { try kind.message(fields: fields) }
      #expect(error?.problem != "is not a known field")
    }
  }

  /// A value of one more than the limit, after some prefix of a sample, is refused. The error has the field
  /// and the limit of the kind.
  @Test(arguments: kinds.filter { !$0.limits.isEmpty })
  func tellsTheLimitsThatAreChecked(_ kind: MessageKind) {
    for limit in kind.limits where limit.field != "blocks" {
      #expect(isChecked(limit, kind), "\(kind.command): \(limit)")
    }
  }

  private func isChecked(_ limit: MessageKind.Limit, _ kind: MessageKind) -> Bool {
    let value = limit.maximum + 1
    var encodings: [[UInt8]] = [[], []]
    encodings[0].appendCompactSize(value)
    encodings[1].appendLittle(UInt32(value))
    let filler = [UInt8](repeating: 0, count: value * 90)
    for message in kind.samples {
      for encoding in encodings {
        for offset in 0...message.payload.count {
          let payload = Array(message.payload[..<offset]) + encoding + filler
          do throws(WireError) {
            _ = try kind.decode(payload.span.bytes)
          } catch {
            let isLimit = error.problem == .limit(value: UInt64(value), maximum: UInt64(limit.maximum))
            if isLimit, error.field.description == limit.field, error.offset == offset { return true }
          }
        }
      }
    }
    return false
  }

  @Test(arguments: kinds)
  func hasSomethingForFuzzingToBeginWith(_ kind: MessageKind) throws {
    let target = FuzzTarget(kind)
    #expect(target.name == kind.command.description)
    #expect(target.seeds == kind.samples.map(\.payload).filter { $0.count <= target.maximumLength })
    #expect(!target.seeds.isEmpty)
    for seed in target.seeds { try target.run(seed) }
  }

  private func json(_ message: Message) throws -> [String: JSONValue] {
    var json = JSONWriter()
    message.write(to: &json)
    guard case .object(let fields) = try JSONValue(String(decoding: json.finish(), as: UTF8.self)) else {
      return [:]
    }
    return fields
  }
}
