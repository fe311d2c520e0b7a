import BitcoinWire
import Bytes

extension FuzzTarget {
  /// A view of a message gives the same parts as the decoded message, in the same order and number.
  static func expectSeen(_ message: Message, in bytes: RawSpan) throws(Finding) {
    let seen: Bool
    do throws(WireError) {
      switch message {
      case .inv(let owned), .getdata(let owned), .notfound(let owned): seen = try see(owned, bytes)
      case .addr(let owned): seen = try see(owned, bytes)
      case .addrv2(let owned): seen = try see(owned, bytes)
      case .tx(let owned): seen = see(owned, try TransactionView(bytes))
      case .block(let owned): seen = try see(owned, bytes)
      default: return
      }
    } catch {
      throw Finding("a \(message.command) that is read can be read where it lies: \(message), \(error)")
    }
    try expect(seen, "a \(message.command) is the same where it lies: \(message)")
  }

  private static func see(_ owned: InventoryMessage, _ bytes: RawSpan) throws(WireError) -> Bool {
    let view = try InventoryView(bytes)
    guard view.count == owned.items.count else { return false }
    for index in 0..<view.count where view[index] != owned.items[index] { return false }
    return true
  }

  private static func see(_ owned: AddrMessage, _ bytes: RawSpan) throws(WireError) -> Bool {
    let view = try AddrView(bytes)
    guard view.count == owned.nodes.count else { return false }
    for index in 0..<view.count where view[index] != owned.nodes[index] { return false }
    return true
  }

  private static func see(_ owned: AddrV2Message, _ bytes: RawSpan) throws(WireError) -> Bool {
    var cursor = try AddrV2Cursor(bytes)
    for node in owned.nodes where try cursor.next() != node { return false }
    return try cursor.next() == nil
  }

  private static func see(_ owned: Block, _ bytes: RawSpan) throws(WireError) -> Bool {
    var cursor = try BlockCursor(bytes)
    guard cursor.header == owned.header, cursor.remaining == owned.transactions.count else { return false }
    for transaction in owned.transactions {
      guard let view = try cursor.next(), see(transaction, view) else { return false }
    }
    guard cursor.remaining == 0 else { return false }
    return try BlockCursor(bytes).computedMerkleRoot() == owned.computedMerkleRoot
  }

  private static func see(_ owned: Transaction, _ view: borrowing TransactionView) -> Bool {
    guard view.txid == owned.txid, view.wtxid == owned.wtxid, view.bytes.byteCount == owned.bytes.count,
      view.inputCount == owned.inputs.count, view.outputCount == owned.outputs.count
    else { return false }
    var inputs = view.inputs
    for input in owned.inputs {
      guard let seen = inputs.next(), seen.previous == input.previous, seen.sequence == input.sequence,
        Array(seen.script) == input.script
      else { return false }
    }
    var outputs = view.outputs
    for output in owned.outputs {
      guard let seen = outputs.next(), seen.value == output.value, Array(seen.script) == output.script else {
        return false
      }
    }
    var witnesses = view.witnesses
    for input in owned.inputs where view.hasWitness {
      guard var witness = witnesses.next(), witness.remaining == input.witness.count else { return false }
      for item in input.witness {
        guard let seen = witness.next(), Array(seen) == item else { return false }
      }
    }
    return inputs.next() == nil && outputs.next() == nil && witnesses.next() == nil
  }
}
