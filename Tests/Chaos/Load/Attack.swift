import BitcoinWire
import Bytes
import EventLoop
import LogProtocol
import Observations

/// A way to misbehave towards the log server, and the expected answer.
enum Attack: Int, CaseIterable {
  case connectOnly, zeroLength, shortLength, oversizedLength, garbage, halfFrame, heldHalfFrame, wrongVersion
  case strangersRecord, unnumbered, brokenHello, helloTwice, helloThenGarbage, helloThenZero, disorder,
    othersSource
  case aboutOthers, twoTypes, reserved, linkOfServer
  case readerZero, readerGarbage, readerLong, readerRecord, readerHello
  case coinscopeZero, coinscopeOversized, coinscopeGarbage, coinscopeConnectOnly, coinscopeReader

  /// The expected answer.
  enum Answer: Equatable {
    /// No answer, as a peer may disconnect at any time.
    case none
    /// A refusal that contains these words, and the end of the connection.
    case refusal(String)
    /// The end of the connection: coinscope's protocol has no refusals.
    case end
  }

  /// The log server's socket.
  var socket: String {
    switch self {
    case .readerZero, .readerGarbage, .readerLong, .readerRecord, .readerHello: "subscribe"
    case .coinscopeZero, .coinscopeOversized, .coinscopeGarbage, .coinscopeConnectOnly: "servers"
    case .coinscopeReader: "clients/all"
    default: "publish"
    }
  }

  var answer: Answer {
    switch self {
    case .connectOnly, .halfFrame, .heldHalfFrame, .coinscopeConnectOnly, .coinscopeReader: .none
    case .zeroLength, .shortLength, .oversizedLength, .garbage, .helloThenGarbage, .helloThenZero,
      .readerZero,
      .readerGarbage:
      .refusal("record length")
    case .wrongVersion: .refusal("stream version")
    case .strangersRecord, .othersSource: .refusal("not the one granted")
    case .unnumbered: .refusal("sequence")
    case .disorder: .refusal("sequence")
    case .brokenHello: .refusal("record at byte")
    case .helloTwice: .refusal("was already sent")
    case .aboutOthers, .linkOfServer: .refusal("not valid from a source")
    case .twoTypes: .refusal("type")
    case .reserved: .refusal("reserved")
    case .readerLong: .refusal("too long")
    case .readerRecord: .refusal("a reader does not send")
    case .readerHello: .refusal("not valid from a reader")
    case .coinscopeZero, .coinscopeOversized, .coinscopeGarbage: .end
    }
  }

  /// Whether it first joins as a source.
  var joins: Bool {
    switch self {
    case .helloTwice, .helloThenGarbage, .helloThenZero, .disorder, .othersSource, .aboutOthers, .twoTypes,
      .reserved,
      .linkOfServer:
      true
    default: false
    }
  }

  static func hello(_ random: inout SeededGenerator) -> [UInt8] {
    LinkMessage.hello(
      SourceIdentity(using: &random),
      SourceDescription(process: 1, kind: "attacker", name: "", version: "")
    ).record(at: 1)
  }

  /// The bytes to send; `source` is the granted id if it has joined.
  func bytes(source: UInt32, _ random: inout SeededGenerator) -> [UInt8] {
    func some(_ range: ClosedRange<Int>, _ random: inout SeededGenerator) -> [UInt8] {
      (0..<Int.random(in: range, using: &random)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
    func record(_ source: UInt32, _ sequence: UInt64, type: RecordType = .debug, body: [UInt8]) -> [UInt8] {
      RecordHeader(type: type, source: source, time: Clock.now(), sequence: sequence, bodyCount: 0)
        .record(body: body)
    }
    let text = some(0...300, &random).map { 0x61 + $0 % 26 }
    switch self {
    case .connectOnly, .coinscopeConnectOnly, .coinscopeReader: return []
    case .zeroLength, .readerZero, .helloThenZero: return [0, 0, 0, 0] + text
    case .shortLength: return [0, 0, 0, UInt8.random(in: 1...27, using: &random)] + text
    case .oversizedLength:
      var length: [UInt8] = []
      length.appendBig(UInt32.random(in: (16 << 20) + 1...0x4000_0000, using: &random))
      return length + text
    case .garbage, .readerGarbage, .helloThenGarbage:
      // The first byte fits neither a valid length nor the preamble.
      return [0x80 | UInt8(truncatingIfNeeded: random.next())] + some(100...4000, &random)
    case .halfFrame, .heldHalfFrame:
      return Array(Self.hello(&random).dropLast(Int.random(in: 1...60, using: &random)))
    case .wrongVersion: return Array("NMLG".utf8) + [0, 2, 0, 0] + [UInt8](repeating: 0, count: 8)
    case .strangersRecord: return record(7, 1, body: text)
    case .unnumbered: return record(0, 0, body: text)
    case .brokenHello:
      return RecordHeader(type: .meta, time: 1, bodyCount: 0).record(body: [0x80] + some(0...30, &random))
    case .helloTwice, .readerHello: return Self.hello(&random)
    case .disorder: return record(source, 1, body: text) + record(source, 1, body: text)
    case .othersSource: return record(source &- 1, 1, body: text)
    case .aboutOthers:
      let left = MetaBody.sourceLeft(source: 5, saidGoodbye: true, lastSequence: 9, reason: "")
      return record(source, 1, type: .meta, body: left.body)
    case .twoTypes: return record(source, 1, type: [.debug, .error], body: text)
    case .reserved:
      var bytes = record(source, 1, body: text)
      bytes[27] = 1
      return bytes
    case .linkOfServer: return LinkMessage.rewind(after: 0).record(at: 1)
    case .readerLong: return [0, 0x20, 0, 0] + record(0, 0, body: text)
    case .readerRecord: return record(0, 1, body: text)
    case .coinscopeZero: return [0, 0, 0, 0] + text
    case .coinscopeOversized: return [0x7f, 0, 0, 0] + text
    case .coinscopeGarbage: return [0xff] + some(100...2000, &random)
    }
  }
}
