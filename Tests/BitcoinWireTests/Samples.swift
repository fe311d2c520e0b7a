import BitcoinWire
import Bytes
import Foundation

/// Messages and bytes that several suites use.
enum Samples {
  static let genesisHeader = BlockHeader.sample
  static let plainTransaction = Transaction.samples[0]
  static let segwitTransaction = Transaction.samples[1]
  static let version = VersionMessage.samples[0]
  static let nodes = AddrMessage.samples[0].nodes

  static let onion = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion:8333"
  static let i2p = "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p:0"

  /// Addresses that `addr` cannot hold.
  static let unusualAddresses = [onion, i2p, "[fc11:f769:16e6:3611:58ae:1d4a:fcf7:57a4]:8333", "id9-0a0b:1"]
    .map {
      Endpoint($0)!.address
    }

  /// The samples of every decoded message, and of one that is not decoded.
  static let messages =
    MessageKind.all.flatMap(\.samples) + [.unknown(command: "getutxos", payload: [1, 0, 0, 0])]

  /// The folder of real inputs; nil if the tests run without it.
  static let data = ProcessInfo.processInfo.environment["NETMINE_DATA"]

  /// The bytes of a file in the folder of real inputs.
  static func file(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: "\(data ?? "")/\(path)")))
  }

  /// Bytes from hexadecimal digits; spaces are ignored.
  static func hex(_ text: String) -> [UInt8] {
    Hexadecimal.bytes(text.filter { !$0.isWhitespace })!
  }
}

extension Message {
  /// Decodes a payload in an array.
  static func decode(_ command: Command, _ payload: [UInt8]) throws(WireError) -> DecodedMessage {
    try decode(command, payload: payload.span.bytes)
  }
}
