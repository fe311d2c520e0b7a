import BitcoinWire
import Observations

/// Lines of SAM 3.1, the protocol by which programs use an I2P router (https://geti2p.net/en/docs/api/samv3).
enum SAM {
  /// The longest line accepted, in bytes. Destinations have about 900.
  static let lineLimit = 8 << 10

  /// The HELLO request, which accepts version 3.1 only.
  static let hello = Array("HELLO VERSION MIN=3.1 MAX=3.1\n".utf8)

  /// The request for a session with a temporary destination of our own.
  ///
  /// Ed25519 signatures and ECIES keys, as today's routers prefer; three tunnels in each direction.
  static func createSession(_ id: String) -> [UInt8] {
    Array(
      ("SESSION CREATE STYLE=STREAM ID=\(id) DESTINATION=TRANSIENT SIGNATURE_TYPE=7 i2cp.leaseSetEncType=4,0 "
        + "inbound.quantity=3 outbound.quantity=3\n").utf8
    )
  }

  /// The request for the destination of a name.
  static func lookUp(_ name: String) -> [UInt8] { Array("NAMING LOOKUP NAME=\(name)\n".utf8) }

  /// The request for a connection to a destination.
  static func connect(_ session: String, to destination: String) -> [UInt8] {
    Array("STREAM CONNECT ID=\(session) DESTINATION=\(destination) SILENT=false\n".utf8)
  }

  /// A router's reply.
  struct Reply: Equatable {
    /// The first two words, such as `HELLO REPLY`.
    let topic: String
    /// The values that follow, by their names.
    let values: [String: String]

    /// The result: `OK` or an error's name; empty if the reply has none.
    var result: String { values["RESULT"] ?? "" }

    /// The failure. The router's texts are escaped and cut to 64 and 256 bytes.
    var failure: Outcome.ProxyFailure {
      .sam(result: Self.shown(result, limit: 64), message: Self.shown(values["MESSAGE"] ?? "", limit: 256))
    }

    private static func shown(_ text: String, limit: Int) -> String {
      EscapedText.utf8(Array(text.utf8.prefix(limit)))
    }
  }

  /// The result of parsing input.
  enum Line: Equatable {
    /// The line is not complete.
    case needsMore
    /// A line, and its length in bytes with the line feed.
    case reply(Reply, count: Int)
    /// Not a line of SAM.
    case malformed
  }

  /// Parses the first line.
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

  /// Splits a line into words. Quotes keep spaces within a word and are removed.
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
