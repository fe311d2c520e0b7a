import BitcoinWire
import Observations

/// Lines of SAM 3.1, by which I2P routers serve other programs (https://geti2p.net/en/docs/api/samv3).
enum SAM {
  /// The longest line that is read, in bytes; destinations have some 900.
  static let lineLimit = 8 << 10

  /// Which version we speak.
  static let hello = Array("HELLO VERSION MIN=3.1 MAX=3.1\n".utf8)

  /// Makes a destination of our own, from which connections are made.
  ///
  /// Ed25519 signatures and ECIES keys, as today's routers prefer; three tunnels each way.
  static func createSession(_ id: String) -> [UInt8] {
    Array(
      ("SESSION CREATE STYLE=STREAM ID=\(id) DESTINATION=TRANSIENT SIGNATURE_TYPE=7 i2cp.leaseSetEncType=4,0 "
        + "inbound.quantity=3 outbound.quantity=3\n").utf8
    )
  }

  /// Asks for a name's destination.
  static func lookUp(_ name: String) -> [UInt8] { Array("NAMING LOOKUP NAME=\(name)\n".utf8) }

  /// Connects to a destination.
  static func connect(_ session: String, to destination: String) -> [UInt8] {
    Array("STREAM CONNECT ID=\(session) DESTINATION=\(destination) SILENT=false\n".utf8)
  }

  /// What a router says.
  struct Reply: Equatable {
    /// The first two words: `HELLO REPLY`.
    let topic: String
    /// What follows, by its name.
    let values: [String: String]

    /// How it went: `OK`, or what was wrong; empty where it does not say.
    var result: String { values["RESULT"] ?? "" }

    /// What was wrong. Texts that the router chose are escaped and bounded.
    var failure: Outcome.ProxyFailure {
      .sam(result: Self.shown(result, limit: 64), message: Self.shown(values["MESSAGE"] ?? "", limit: 256))
    }

    private static func shown(_ text: String, limit: Int) -> String {
      EscapedText.utf8(Array(text.utf8.prefix(limit)))
    }
  }

  /// What bytes begin with.
  enum Line: Equatable {
    /// The line is not whole yet.
    case needsMore
    /// A line of so many bytes, its end included.
    case reply(Reply, count: Int)
    /// No line of SAM.
    case malformed
  }

  /// Reads the first line.
  static func line(_ bytes: UnsafeRawBufferPointer) -> Line {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      return bytes.count > lineLimit ? .malformed : .needsMore
    }
    guard end <= lineLimit else { return .malformed }
    let words = split(bytes[..<end])
    guard words.count >= 2 else { return .malformed }
    var values: [String: String] = [:]
    for word in words.dropFirst(2) {
      guard let sign = word.firstIndex(of: UInt8(ascii: "=")) else { continue }
      values[text(word[..<sign])] = text(word[(sign + 1)...])
    }
    return .reply(
      Reply(topic: "\(text(words[0][...])) \(text(words[1][...]))", values: values),
      count: end + 1
    )
  }

  /// Words, without the quotes that keep spaces together.
  private static func split(_ line: Slice<UnsafeRawBufferPointer>) -> [[UInt8]] {
    var words: [[UInt8]] = []
    var word: [UInt8] = []
    var isQuoted = false
    for byte in line where byte != UInt8(ascii: "\r") {
      if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if byte == UInt8(ascii: " "), !isQuoted {
        if !word.isEmpty { words.append(word) }
        word = []
      } else {
        word.append(byte)
      }
    }
    if !word.isEmpty { words.append(word) }
    return words
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
