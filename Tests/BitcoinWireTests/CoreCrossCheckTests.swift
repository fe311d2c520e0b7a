import BitcoinWire
import Bytes
import Foundation
import Testing

/// Compares with the framework of Bitcoin Core's functional tests. It is written in Python, shares no code
/// with the node, and supports the messages that no published Python library does.
///
/// Runs if `NETMINE_BITCOIN_SOURCE` names a folder with Bitcoin Core's source.
@Suite struct CoreCrossCheckTests {
  static let source = ProcessInfo.processInfo.environment["NETMINE_BITCOIN_SOURCE"]

  @Test(.enabled(if: CrossCheck.python != nil && source != nil))
  func agreesWithBitcoinCoresFunctionalTests() throws {
    var random = SplitMix(state: 5)
    var sent = Samples.messages.filter(\.isKnownToFramework)
    for _ in 0..<40 { sent += random.messages().filter(\.isKnownToFramework) }
    var latest: Block?
    try CrossCheck(script: "crosscheck_core.py").expectAgreement(about: sent, make: 1700, fields: \.fields) {
      if case .block(let block) = $0 { latest = block }
      if case .cmpctblock(let compact) = $0 { expect(compact, stateOf: try #require(latest)) }
    }
  }

  /// Each transaction of the block, or its short id, is present, in order.
  private func expect(_ compact: CompactBlockMessage, stateOf block: Block) {
    var shortIDs = compact.shortIDs[...]
    var prefilled = compact.prefilled[...]
    let hasher = compact.shortIDHasher
    for (index, transaction) in block.transactions.enumerated() {
      if prefilled.first.map({ Int($0.index) }) == index {
        #expect(prefilled.removeFirst().transaction == transaction)
      } else {
        #expect(shortIDs.popFirst() == hasher.shortID(transaction.wtxid))
      }
    }
    #expect(shortIDs.isEmpty && prefilled.isEmpty)
  }
}

extension Message {
  fileprivate var isKnownToFramework: Bool {
    switch self {
    case .addrv2(let message):
      !message.nodes.contains { $0.endpoint.address.network == NetworkID(rawValue: 9) }
    case .feature(let message): String(validating: message.name, as: UTF8.self) != nil
    case .blocktxn, .cfcheckpt, .cfheaders, .cfilter, .cmpctblock, .feefilter, .filteradd, .filterload,
      .getblocktxn,
      .getcfcheckpt, .getcfheaders, .getcfilters, .merkleblock, .sendcmpct, .sendtxrcncl:
      true
    default: false
    }
  }

  /// The fields in the form of `crosscheck_core.py`.
  fileprivate var fields: String {
    switch self {
    case .addrv2(let message):
      message.nodes.map { "\($0.time)/\($0.services.rawValue)/\($0.endpoint)" }.joined(separator: " ")
    case .block(let block):
      ([block.header.hash] + block.transactions.map(\.wtxid)).map(\.description).joined(separator: " ")
    case .cmpctblock(let message):
      "\(message.header.hash) \(message.nonce) \(list(message.shortIDs.map(Self.hexadecimal))) "
        + list(message.prefilled.map { "\($0.index):\($0.transaction.wtxid)" })
    case .getblocktxn(let message): "\(message.block) \(list(message.indexes))"
    case .blocktxn(let message): "\(message.block) \(list(message.transactions.map(\.wtxid)))"
    case .sendcmpct(let message): "\(message.announce ? 1 : 0) \(message.version)"
    case .feefilter(let message): "\(UInt64(bitPattern: message.feeRate))"
    case .sendtxrcncl(let message): "\(message.version) \(message.salt)"
    case .feature(let message):
      "\(String(decoding: message.name, as: UTF8.self)) \(Hexadecimal.text(message.data))"
    case .filteradd(let message): Hexadecimal.text(message.element)
    case .filterload(let message):
      "\(Hexadecimal.text(message.filter)) \(message.hashFunctions) \(message.tweak) \(message.flags)"
    case .merkleblock(let message):
      "\(message.header.hash) \(message.tree.transactionCount) \(list(message.tree.hashes)) "
        + message.tree.flags.map { byte in (0..<8).map { "\(byte >> $0 & 1)" }.joined() }.joined()
    case .getcfilters(let message), .getcfheaders(let message):
      "\(message.filterType) \(message.startHeight) \(message.stop)"
    case .getcfcheckpt(let message): "\(message.filterType) \(message.stop)"
    case .cfilter(let message): "\(message.filterType) \(message.block) \(Hexadecimal.text(message.filter))"
    case .cfheaders(let message):
      "\(message.filterType) \(message.stop) \(message.previous) \(list(message.filterHashes))"
    case .cfcheckpt(let message): "\(message.filterType) \(message.stop) \(list(message.filterHeaders))"
    default: ""
    }
  }

  private func list(_ values: [some CustomStringConvertible]) -> String {
    values.map(\.description).joined(separator: ",")
  }

  /// The 12 hexadecimal digits of a short id.
  private static func hexadecimal(_ shortID: UInt64) -> String {
    var bytes: [UInt8] = []
    bytes.appendBig(shortID)
    return Hexadecimal.text(bytes.dropFirst(2))
  }
}
