import Bytes

extension Message {
  /// The summary of a message that is still bytes: of what cannot be decoded, it says why, and of what
  /// has bytes left over, how many. A block's transactions are counted and not looked at.
  public static func summary(_ command: Command, payload: RawSpan) -> String {
    do throws(WireError) {
      if command == .block {
        let block = try BlockCursor(payload)
        return "block \(block.header.hash) \(block.remaining) tx"
      }
      let decoded = try decode(command, payload: payload)
      let trailing = decoded.trailing.count
      return decoded.message.summary + (trailing == 0 ? "" : " and \(trailing) bytes left over")
    } catch {
      return "\(command) malformed: \(error)"
    }
  }

  /// The message in a few words for one line: safe to print, not complete.
  public var summary: String {
    switch self {
    case .version(let version): version.summary(in: .bitcoin)
    case .sendcmpct(let message): "sendcmpct version \(message.version)\(message.announce ? " announce" : "")"
    case .feefilter(let message): "feefilter \(message.feeRate) sat/kvB"
    case .ping(let message): "ping" + (message.nonce.map { " \(Self.short($0))" } ?? "")
    case .pong(let message): "pong \(Self.short(message.nonce))"
    case .addr(let message): "addr \(message.nodes.count)"
    case .addrv2(let message): "addrv2 \(message.nodes.count)"
    case .inv(let message), .getdata(let message), .notfound(let message):
      "\(command) \(message.summary(in: .bitcoin))"
    case .getheaders(let message), .getblocks(let message):
      "\(command) "
        + (message.locator.first.map { "from \($0.abbreviation)" } ?? "stop \(message.stop.abbreviation)")
    case .headers(let message):
      "headers \(message.headers.count)" + (message.headers.last.map { " to \($0.hash)" } ?? "")
    case .tx(let transaction): "tx \(transaction.summary)"
    case .block(let block): "block \(block.header.hash) \(block.transactions.count) tx"
    case .reject(let message): message.summary
    case .filterload(let message):
      "filterload \(message.filter.count) bytes \(message.hashFunctions) functions"
    case .filteradd(let message): "filteradd \(message.element.count) bytes"
    case .merkleblock(let message):
      "merkleblock \(message.header.hash) "
        + (message.matches.map { "\($0.count) of \(message.tree.transactionCount) tx" } ?? "proves nothing")
    case .cmpctblock(let message):
      "cmpctblock \(message.header.hash) \(message.shortIDs.count) short ids \(message.prefilled.count) tx"
    case .getblocktxn(let message): "getblocktxn \(message.block.abbreviation) \(message.indexes.count) tx"
    case .blocktxn(let message): "blocktxn \(message.block.abbreviation) \(message.transactions.count) tx"
    case .getcfilters(let message), .getcfheaders(let message):
      "\(command) from \(message.startHeight) to \(message.stop.abbreviation)"
    case .cfilter(let message): "cfilter \(message.block.abbreviation) \(message.filter.count) bytes"
    case .cfheaders(let message): "cfheaders \(message.filterHashes.count) to \(message.stop.abbreviation)"
    case .getcfcheckpt(let message): "getcfcheckpt to \(message.stop.abbreviation)"
    case .cfcheckpt(let message): "cfcheckpt \(message.filterHeaders.count) to \(message.stop.abbreviation)"
    case .sendtxrcncl(let message): "sendtxrcncl version \(message.version)"
    case .feature(let message): "feature \(EscapedText.utf8(message.name))"
    case .alert(let message): message.summary
    case .unknown(let command, let payload): "\(command) \(payload.count) bytes"
    case .verack, .wtxidrelay, .sendaddrv2, .sendheaders, .getaddr, .mempool, .filterclear:
      command.description
    }
  }

  private static func short(_ nonce: UInt64) -> String {
    var bytes: [UInt8] = []
    bytes.appendBig(nonce)
    return Hexadecimal.text(bytes.prefix(2)) + "…"
  }
}

extension VersionMessage {
  /// The user agent, or else the version, and what the node has and offers.
  func summary(in dialect: Dialect) -> String {
    var text = "version \(userAgent == nil ? "\(version)" : userAgentText)"
    if let startHeight { text += " height \(startHeight)" }
    let names = services.isEmpty ? "NONE" : dialect.names(of: services).joined(separator: "|")
    return text + " services \(names)"
  }
}

extension InventoryMessage {
  /// How many there are of each type, in the order in which the types first come, and the first hash.
  func summary(in dialect: Dialect) -> String {
    var types: [(type: InventoryType, count: Int)] = []
    for item in items {
      if let index = types.firstIndex(where: { $0.type == item.type }) {
        types[index].count += 1
      } else if types.count < 8 {
        types.append((item.type, 1))
      }
    }
    guard let first = items.first else { return "0" }
    let counts = types.map { "\($0.count) \(dialect.name(of: $0.type))" }.joined(separator: " ")
    return "\(counts) \(first.hash.abbreviation)"
  }
}

extension Transaction {
  /// The txid, and how big it is.
  var summary: String {
    "\(txid) \(inputs.count) in \(outputs.count) out \(bytes.count) bytes"
  }
}

extension RejectMessage {
  /// What was refused and why.
  var summary: String {
    "reject \(EscapedText.utf8(command)) 0x\(Hexadecimal.text([code])) \(EscapedText.utf8(reason))"
      + (hash.map { " \($0)" } ?? "")
  }
}

extension AlertMessage {
  /// What users were to see.
  var summary: String {
    alert.map { "alert \($0.id) \(EscapedText.utf8($0.status))" } ?? "alert \(content.count) bytes"
  }
}
