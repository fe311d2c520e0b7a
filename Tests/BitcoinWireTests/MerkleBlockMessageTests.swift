import BitcoinWire
import Bytes
import Testing

@Suite struct MerkleBlockMessageTests {
  /// `merkle_block_3_and_serialize` from Bitcoin Core's `bloom_tests.cpp`: the only transaction of a block.
  @Test func readsAndWritesCoresExample() throws {
    let bytes = Samples.hex(
      """
      0100000079cda856b143d9db2c1caff01d1aecc8630d30625d10e8b4b8b0000000000000b50cc069d6a3e33e3ff84a5c
      41d9d3febe7c770fdcc96b2c3ff60abe184f196367291b4d4c86041b8fa45d63 01000000
      01 b50cc069d6a3e33e3ff84a5c41d9d3febe7c770fdcc96b2c3ff60abe184f1963 01 01
      """
    )
    let message = try MerkleBlockMessage(bytes.span.bytes)
    let txid: Hash256 = "63194f18be0af63f2c6bc9dc0f777cbefed3d9415c4af83f3ee3a3d669c00cb5"
    #expect(message.header.hash == "000000000000dab0130bbcc991d3d7ae6b81aa6f50a798888dfe62337458dc45")
    #expect(message.matches == [.init(index: 0, txid: txid)])
    #expect(message.tree == PartialMerkleTree(txids: [txid]) { _ in true })
    #expect(message.bytes == bytes)
  }

  /// Like `pmt_test1` in Bitcoin Core's `pmt_tests.cpp`: trees of these sizes give back the same
  /// transactions.
  @Test(arguments: [1, 4, 7, 17, 56, 100, 127, 256, 312, 513, 1000, 4095])
  func provesWhatItWasMadeFor(_ count: Int) throws {
    var random = SplitMix(state: UInt64(count))
    let txids = (0..<count).map { _ in random.hash() }
    var header = Samples.genesisHeader
    header.merkleRoot = Hash256(merkleRootOf: txids)
    for share in [0.0, 0.01, 0.1, 0.5, 1] {
      let wanted = txids.indices.filter { _ in Double.random(in: 0..<1, using: &random) < share }
      let chosen = Set(wanted)
      let tree = PartialMerkleTree(txids: txids) { chosen.contains($0) }
      let message = MerkleBlockMessage(header: header, tree: tree)
      #expect(message.matches == wanted.map { .init(index: $0, txid: txids[$0]) })
      #expect(message.bytes.count - 80 <= 10 + (258 * tree.hashes.count + 7) / 8)
      #expect(try MerkleBlockMessage(message.bytes.span.bytes) == message)
      for _ in 0..<4 { expectNothing(ofDamaged: message, &random) }
    }
  }

  /// Like `pmt_malleability`: two equal siblings could hide transactions (CVE-2012-2459).
  @Test func refusesEqualSiblings() {
    let txids = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 9, 10].map {
      Hash256(Bytes32([UInt8](repeating: $0, count: 32))!)
    }
    #expect(PartialMerkleTree(txids: txids) { $0 == 10 || $0 == 11 }.extract() == nil)
    #expect(PartialMerkleTree(txids: txids) { $0 == 9 || $0 == 10 }.extract() == nil)
    #expect(PartialMerkleTree(txids: txids) { $0 == 0 }.extract() != nil)
  }

  @Test func refusesWhatIsNoTree() {
    let hash = Samples.genesisHeader.hash
    #expect(PartialMerkleTree(transactionCount: 1, hashes: [hash], flags: [1]).extract()?.root == hash)
    for (count, hashes, flags) in [
      (0, [hash], [1]), (16_667, [hash], [0]), (.max, [hash], [0]), (1, [hash, hash], [1]), (1, [hash], []),
      (1, [], [1]), (1, [hash], [1, 0]), (2, [hash, hash], [7]), (2, [hash], [7]), (2, [hash, hash], [0]),
    ] as [(UInt32, [Hash256], [UInt8])] {
      #expect(PartialMerkleTree(transactionCount: count, hashes: hashes, flags: flags).extract() == nil)
    }
    #expect(PartialMerkleTree(transactionCount: 16_666, hashes: [hash], flags: [0]).extract()?.root == hash)
  }

  @Test(.enabled(if: Samples.data != nil))
  func provesTransactionsOfARealBlock() throws {
    let bytes = try Samples.file("blocks/block413567.raw")
    let block = try Block(bytes.span.bytes)
    let txids = block.transactions.map(\.txid)
    let tree = PartialMerkleTree(txids: txids) { $0 == 3 || $0 == 1556 }
    let expected: [PartialMerkleTree.Match] = [
      .init(index: 3, txid: txids[3]), .init(index: 1556, txid: txids[1556]),
    ]
    #expect(MerkleBlockMessage(header: block.header, tree: tree).matches == expected)
  }

  private func expectNothing(ofDamaged message: MerkleBlockMessage, _ random: inout SplitMix) {
    var damaged = message
    damaged.tree.hashes[message.tree.hashes.indices.randomElement(using: &random)!] = random.hash()
    #expect(damaged.tree.extract() != nil)
    #expect(damaged.matches == nil)
  }
}
