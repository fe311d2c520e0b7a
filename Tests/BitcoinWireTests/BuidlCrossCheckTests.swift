import BitcoinWire
import Bytes
import Testing

/// Compares with buidl, which supports light clients' messages that python-bitcoinlib lacks.
///
/// The test leaves out `version` and `pong`, which buidl encodes and decodes wrongly (ports in the wrong byte
/// order, a method that cannot be called), and transactions, which it does not preserve byte for byte.
@Suite struct BuidlCrossCheckTests {
  @Test(.enabled(if: CrossCheck.python != nil))
  func agreesWithBuidl() throws {
    var random = SplitMix(state: 4)
    var sent = Samples.messages.filter(\.isReadByBuidl)
    for _ in 0..<40 { sent += random.messages().filter(\.isReadByBuidl) }
    try CrossCheck(script: "crosscheck_buidl.py")
      .expectAgreement(about: sent, make: 900, writesAll: false, fields: \.fields)
  }
}

extension Message {
  fileprivate var isReadByBuidl: Bool {
    switch self {
    case .ping(let ping): ping.nonce != nil
    case .verack, .headers, .merkleblock, .cfilter, .cfheaders, .cfcheckpt: true
    default: false
    }
  }

  /// The fields in the form of `crosscheck_buidl.py`.
  fileprivate var fields: String {
    switch self {
    case .ping(let message): Hexadecimal.text(message.bytes)
    case .headers(let message): message.headers.map(\.fields).joined(separator: " ")
    case .merkleblock(let message):
      "\(message.header.fields) \(message.tree.transactionCount) \(list(message.tree.hashes)) "
        + "\(Hexadecimal.text(message.tree.flags)) "
        + (message.matches.map { list($0.map(\.txid)) } ?? "proves nothing")
    case .cfilter(let message):
      "\(message.filterType) \(message.block) \(Hexadecimal.text(message.filter)) \(message.filterHash)"
    case .cfheaders(let message):
      "\(message.filterType) \(message.stop) \(message.previous) \(list(message.filterHashes)) "
        + "\(message.filterHashes.reduce(message.previous) { Hash256($1, $0) })"
    case .cfcheckpt(let message): "\(message.filterType) \(message.stop) \(list(message.filterHeaders))"
    case .getcfilters(let message), .getcfheaders(let message):
      "\(message.filterType) \(message.startHeight) \(message.stop)"
    case .getcfcheckpt(let message): "\(message.filterType) \(message.stop)"
    case .filterload(let message):
      "\(Hexadecimal.text(message.filter)) \(message.hashFunctions) \(message.tweak) \(message.flags)"
    case .getdata(let message): message.items.map { "\($0.type.rawValue)/\($0.hash)" }.joined(separator: " ")
    case .getheaders(let message): "\(message.version) \(message.locator[0]) \(message.stop)"
    default: ""
    }
  }

  private func list(_ hashes: [Hash256]) -> String { hashes.map(\.description).joined(separator: ",") }
}

extension BlockHeader {
  /// buidl keeps bits and nonce as their bytes on the wire.
  fileprivate var fields: String {
    "\(hash) \(version) \(previous) \(merkleRoot) \(time) \(Hexadecimal.text(bytes.dropFirst(72).prefix(4))) "
      + Hexadecimal.text(bytes.suffix(4))
  }
}
