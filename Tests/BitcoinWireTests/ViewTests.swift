import BitcoinWire
import Bytes
import CAllocations
import Testing

/// Messages read in place.
@Suite struct ViewTests {
  @Test func readsItemsInAnyOrder() throws {
    var random = SplitMix(state: 6)
    let items = (0..<300).map { _ in InventoryItem(InventoryType(rawValue: random.number()), random.hash()) }
    let payload = InventoryMessage(items: items).bytes + [1]
    let view = try InventoryView(payload.span.bytes)
    #expect(view.count == items.count)
    for index in items.indices.reversed() { #expect(view[index] == items[index]) }
  }

  @Test func readsNodesInAnyOrder() throws {
    var random = SplitMix(state: 7)
    let nodes = (0..<40).map { _ in
      KnownNode(
        time: random.number(),
        services: ServiceFlags(rawValue: random.next()),
        endpoint: random.endpoint()
      )
    }
    let old = AddrMessage(nodes: nodes).bytes
    let view = try AddrView(old.span.bytes)
    for index in nodes.indices.reversed() { #expect(view[index] == nodes[index]) }
    let new = AddrV2Message(nodes: nodes).bytes
    var cursor = try AddrV2Cursor(new.span.bytes)
    var read: [KnownNode] = []
    while let node = try cursor.next() { read.append(node) }
    #expect(read == nodes)
  }

  /// A view hashes the bytes in place; a `Transaction` hashes its parts. Both give the same identifiers.
  @Test func namesTransactionsAsTheyAreNamed() throws {
    var random = SplitMix(state: 8)
    for _ in 0..<200 {
      let transaction = random.transaction()
      let bytes = transaction.bytes
      let view = try TransactionView(bytes.span.bytes)
      #expect(view.txid == transaction.txid)
      #expect(view.wtxid == transaction.wtxid)
      #expect(view.hasWitness == transaction.hasWitness)
      #expect(Transaction(view) == transaction)
    }
  }

  @Test(.enabled(if: Samples.data != nil))
  func computesTheRootOfABlockWhereItLies() throws {
    let bytes = try Samples.file("blocks/block413567.raw")
    let cursor = try BlockCursor(bytes.span.bytes)
    let root = cursor.header.merkleRoot
    #expect(try cursor.computedMerkleRoot() == root)
  }

  /// Reading the header of a block reads no transaction, so errors in the transactions go unnoticed.
  @Test func readsNoMoreThanIsAskedFor() throws {
    let bytes = Samples.genesisHeader.bytes + [1] + [UInt8](repeating: 0xff, count: 40)
    var cursor = try BlockCursor(bytes.span.bytes)
    #expect(cursor.header == Samples.genesisHeader)
    #expect(cursor.remaining == 1)
    do throws(WireError) {
      _ = try cursor.next()
      Issue.record("read a transaction that is none")
    } catch {
      #expect(error.field.description == "input count")
    }
  }

  @Test func allocatesNothingWhileReadingAnnouncements() throws {
    let inventory = InventoryMessage(items: Array(repeating: InventoryItem(.wtx, .zero), count: 1000)).bytes
    let old = AddrMessage(nodes: Samples.nodes).bytes
    let nodes = [Samples.onion, Samples.i2p, "[fc11::1]:1"].map {
      KnownNode(time: 2, services: .network, endpoint: Endpoint($0)!)
    }
    let new = AddrV2Message(nodes: Samples.nodes + nodes).bytes
    let before = netmine_allocations()
    var sum: UInt64 = 0
    let items = try InventoryView(inventory.span.bytes)
    for index in 0..<items.count { sum += UInt64(items[index].type.rawValue) }
    let known = try AddrView(old.span.bytes)
    for index in 0..<known.count { sum += known[index].services.rawValue }
    var cursor = try AddrV2Cursor(new.span.bytes)
    while let node = try cursor.next() { sum += UInt64(node.time) }
    let after = netmine_allocations()
    #expect(after - before == 0)
    #expect(sum > 0)
  }

  @Test func allocatesNothingWhileReadingABlock() throws {
    let block = Block(
      header: Samples.genesisHeader,
      transactions: [Samples.plainTransaction, Samples.segwitTransaction]
    ).bytes
    let before = netmine_allocations()
    var sum = 0
    var cursor = try BlockCursor(block.span.bytes)
    while let transaction = try cursor.next() {
      var inputs = transaction.inputs
      while let input = inputs.next() { sum += input.script.byteCount }
      var outputs = transaction.outputs
      while let output = outputs.next() { sum += output.script.byteCount }
      var witnesses = transaction.witnesses
      while var witness = witnesses.next() {
        while let item = witness.next() { sum += item.byteCount }
      }
    }
    let after = netmine_allocations()
    #expect(after - before == 0)
    #expect(sum == 2 + 1 + 2 + 1 + 3)
  }
}
