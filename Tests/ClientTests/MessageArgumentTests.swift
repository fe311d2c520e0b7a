import BitcoinWire
import Bytes
import JSON
import TestSupport
import Testing

@testable import Commands
@testable import ControlCommands

@Suite struct MessageArgumentTests {
  @Test func readsOneMessageAfterAnother() throws {
    let words = ["ping", "raw", "verack", "", "raw", "feefilter", "0a0B", "hex", "ff", "mempool", "raw", "x"]
    #expect(
      try MessageArgument.parse(words) == [
        .named("ping", [:]), .raw("verack", payload: []), .raw("feefilter", payload: [10, 11]), .whole([255]),
        .named("mempool", [:]), .raw("x", payload: []),
      ]
    )
  }

  @Test func readsFields() throws {
    let words = [
      "getheaders", "stop=00", "version=5", "ping", #"{"nonce":null}"#, "tx", "0102", "tx", "bytes=ff",
    ]
    #expect(
      try MessageArgument.parse(words, fields: ["lock_time=1", #"{"version":2}"#]) == [
        .named("getheaders", ["stop": .string("00"), "version": .string("5")]),
        .named("ping", ["nonce": .null]),
        .encoded("tx", payload: [1, 2]),
        .named("tx", ["bytes": .string("ff"), "lock_time": .string("1"), "version": .number("2")]),
      ]
    )
    #expect(
      try MessageArgument.parse(["ping", "what"], payload: [7]) == [
        .named("ping", [:]), .raw("what", payload: [7]),
      ]
    )
  }

  @Test func tellsWhichFieldsAMessageHas() throws {
    let magic = Network.regtest.magic
    let error = #expect(throws: ClientFailure.self) {
      try MessageArgument.named("getcfcheckpt", [:]).message(magic: magic, force: false)
    }
    #expect(error == ClientFailure(.usage, "getcfcheckpt: stop is missing. Its fields: stop [filter_type]."))
    #expect(throws: ClientFailure.self) {
      try MessageArgument.encoded("tx", payload: [1]).message(magic: magic, force: false)
    }
    _ = try MessageArgument.encoded("tx", payload: [1]).message(magic: magic, force: true)
  }

  /// The help lists every message with its fields, including a new one.
  @Test func helpsWithEveryMessage() {
    let new = MessageKind("example", FeatureMessage.self)
    let kinds = MessageKind.all + [new]
    let help = MessageHelp.discussion(of: kinds)
    let lines = help.split(separator: "\n").filter { $0.hasPrefix("  ") }.map {
      $0.split(separator: ":", maxSplits: 1)
    }
    let plain = lines.last?.last?.split { " ,".contains($0) } ?? []
    for kind in kinds {
      let name = kind.command.description
      guard !kind.fields.isEmpty else {
        #expect(plain.contains { $0 == name }, "\(name)")
        continue
      }
      let line = lines.first { $0[0].split { " ,".contains($0) }.contains { $0 == name } }?.last
      for field in kind.fields { #expect(line?.contains(field.description) == true, "\(name) \(field)") }
    }
    #expect(help.contains("  feature, example: name [data]\n"))
    #expect(MessageHelp.fields(of: "verack") == "It has no fields.")
  }

  @Test func readsBytesFromFiles() throws {
    let folder = TemporaryFolder()
    try folder.write("digits", "01 02\n0a\n")
    folder.write([0, 1, 255], to: "binary")
    #expect(try ByteText.bytes("0aFF") == [10, 255])
    #expect(try ByteText.bytes(folder.path + "digits") == [1, 2, 10])
    #expect(try ByteText.bytes(folder.path + "binary") == [0, 1, 255])
    let error = #expect(throws: ClientFailure.self) { try ByteText.bytes("0ag") }
    #expect(error?.status == .usage)
  }

  @Test(arguments: [
    ["pang"], ["ping", "0102"], ["raw"], ["raw", "thirteenchars"], ["raw", "ping", "0"],
    ["raw", "ping", "zz"], ["hex"],
    ["hex", ""], ["hex", "0"], ["ping", "{"], ["ping", "{]"],
  ])
  func refusesOtherWords(_ words: [String]) {
    let error = #expect(throws: ClientFailure.self) { try MessageArgument.parse(words) }
    #expect(error?.status == .usage)
  }

  @Test func findsWhatIsWrongWithWholeMessages() throws {
    let magic = Network.regtest.magic
    let message = Network.regtest.frame(.ping(PingMessage(nonce: 1)))
    func problem(_ bytes: [UInt8]) -> String? { MessageArgument.problem(bytes, magic: magic) }
    #expect(problem(message) == nil)
    #expect(problem(Array(message.dropLast())) == "it has 31 bytes and needs at least 32")
    #expect(problem(Array(message[..<10])) == "it has 10 bytes and needs at least 24")
    #expect(problem(message + [0]) == "its 32 bytes are followed by 1 more")
    var broken = message
    broken[31] ^= 1
    #expect(problem(broken) == "its checksum does not match its payload")
    broken = message
    broken[4] = 7
    #expect(problem(broken) == "its command is not printable ASCII padded with zeros")
    #expect(problem(Network.mainnet.frame("ping"))?.hasPrefix("its magic is") == true)
  }

  @Test func framesForTheConnectorsNetwork() throws {
    let (name, bytes) = try MessageArgument.named("getaddr", [:]).message(
      magic: Network.signet.magic,
      force: false
    )
    #expect(name == "getaddr")
    #expect(bytes == Network.signet.frame("getaddr"))
    let ping = try MessageArgument.named("ping", [:]).message(magic: Network.signet.magic, force: false)
      .bytes
    #expect(MessageArgument.problem(ping, magic: Network.signet.magic) == nil)
    #expect(ping.count == 32)
  }
}
