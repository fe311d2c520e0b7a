import Bytes
import Testing

@testable import BitcoinWire

@Suite struct CompactBlockMessageTests {
  /// `test_compact_block_vector` from rust-bitcoin's `bip152.rs`, made with the node of Elements.
  let header = """
    000000206c750a364035aefd5f81508a08769975116d9195312ee4520dceac39e1fdc62c4dc67473b8e354358c1e610afeaff741
    0858bd45df43e2940f8a62bd3d5e3ac943c2975cffff7f2000000000
    """
  let coinbase = """
    020000000001010000000000000000000000000000000000000000000000000000000000000000ffffffff04016b0101ffffffff
    020006062a0100000001510000000000000000266a24aa21a9ed4a3d9f3343dafcc0d6f6d4310f2ee5ce273ed34edca6c75db3a7
    3e7f368734200120000000000000000000000000000000000000000000000000000000000000000000000000
    """
  let spend = """
    020000000001021fc20ba2bd745507b8e00679e3b362558f9457db374ca28ffa5243f4c23a4d5f00000000171600147c9dea14ff
    bcaec4b575e03f05ceb7a81cd3fcbffdffffff915d689be87b43337f42e26033df59807b768223368f189a023d0242d837768900
    000000171600147c9dea14ffbcaec4b575e03f05ceb7a81cd3fcbffdffffff0200cdf5050000000017a9146803c72d9154a6a20f
    404bed6d3dcee07986235a8700e1f5050000000017a9144e6a4c7cb5b5562904843bdf816342f4db9f5797870247304402205e9b
    f6e70eb0e4b495bf483fd8e6e02da64900f290ef8aaa64bb32600d973c450220670896f5d0e5f33473e5f399ab680cc1d25c2d2a
    fd15abd722f04978f28be887012103e4e4d9312b2261af508b367d8ba9be4f01b61d6d6e78bec499845b4f410bcf270247304402
    2045ac80596a6ac9c8c572f94708709adaf106677221122e08daf8b9741a04f66a022003ccd52a3b78f8fd08058fc04fc0cffa5f
    4c196c84eae9e37e2a85babe731b57012103e4e4d9312b2261af508b367d8ba9be4f01b61d6d6e78bec499845b4f410bcf276a00
    0000
    """

  @Test func readsAndWritesElementsCompactBlock() throws {
    let bytes = Samples.hex(header + "a4df3c3744da89fa 01 0a6979e97145 01 00" + coinbase)
    let message = try CompactBlockMessage(bytes.span.bytes)
    let block = try Block(Samples.hex(header + "02" + coinbase + spend).span.bytes)
    #expect(message.header == block.header)
    #expect(message.nonce == 18_053_200_567_810_711_460)
    #expect(message.prefilled == [.init(index: 0, transaction: block.transactions[0])])
    #expect(message.shortIDs == [message.shortIDHasher.shortID(block.transactions[1].wtxid)])
    #expect(message.bytes == bytes)
  }

  /// The keys, the input and the result are from Bitcoin Core's `hash_tests.cpp`.
  @Test func hashesAsCore() {
    let hash: Hash256 = "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100"
    let hasher = ShortIDHasher(key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
    #expect(hasher.sipHash(hash.bytes) == 0x7127_512f_72f2_7cce)
    #expect(hasher.shortID(hash) == 0x512f_72f2_7cce)
  }

  /// The index lists from rust-bitcoin's `bip152.rs`.
  @Test(
    arguments: [
      ([4, 0, 5, 1, 10], [0, 6, 8, 19]), ([1, 0], [0]), ([5, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4]),
      ([3, 1, 1, 1], [1, 3, 5]), ([3, 0, 0, 253, 0, 1], [0, 1, 258]), ([1, 253, 255, 255], [.max]), ([0], []),
    ] as [([UInt8], [UInt16])]
  )
  func addsIndexesUp(_ encoded: [UInt8], indexes: [UInt16]) throws {
    let bytes = [UInt8](repeating: 0, count: 32) + encoded
    let message = try GetBlockTransactionsMessage(bytes.span.bytes)
    #expect(message == GetBlockTransactionsMessage(block: .zero, indexes: indexes))
    #expect(message.bytes == bytes)
  }

  /// Bitcoin Core's "differential value overflow", as in `TransactionsRequestDeserializationOverflowTest`.
  @Test(
    arguments: [
      [1, 254, 0, 0, 1, 0], [2, 253, 255, 255, 0], [2, 0, 253, 255, 255], [3, 253, 255, 255, 0, 0],
      [1, 255, 255, 255, 255, 255, 255, 255, 255, 255], [2, 255, 254, 255, 255, 255, 255, 255, 255, 255, 0],
    ] as [[UInt8]]
  )
  func refusesIndexesThatOverflow(_ encoded: [UInt8]) {
    let bytes = [UInt8](repeating: 0, count: 32) + encoded
    #expect(throws: WireError.self) { try GetBlockTransactionsMessage(bytes.span.bytes) }
  }

  /// A position is past the end if too few short ids and prefilled transactions come before it.
  @Test func refusesPlacesPastTheEnd() throws {
    let item = { CompactBlockMessage.Prefilled(index: $0, transaction: Samples.plainTransaction) }
    var message = CompactBlockMessage(
      header: Samples.genesisHeader,
      nonce: 1,
      shortIDs: [1, 2],
      prefilled: [item(2), item(3)]
    )
    #expect(try CompactBlockMessage(message.bytes.span.bytes) == message)
    message.prefilled = [item(3)]
    var caught: WireError?
    do throws(WireError) { _ = try CompactBlockMessage(message.bytes.span.bytes) } catch { caught = error }
    #expect(caught == WireError(.limit(value: 3, maximum: 2), field: "prefilled index", offset: 102))
    message.prefilled = [item(1), item(4)]
    #expect(throws: WireError.self) { try CompactBlockMessage(message.bytes.span.bytes) }
  }

  /// Bitcoin Core's "indexes overflowed 16 bits".
  @Test func refusesMoreThan16BitsCount() throws {
    let empty = Transaction(version: 0, inputs: [], outputs: [], lockTime: 0)
    var message = CompactBlockMessage(
      header: Samples.genesisHeader,
      nonce: 1,
      shortIDs: [UInt64](repeating: 5, count: 65_534),
      prefilled: [.init(index: 9, transaction: empty)]
    )
    #expect(try CompactBlockMessage(message.bytes.span.bytes) == message)
    message.prefilled.append(.init(index: 10, transaction: empty))
    #expect(throws: WireError.self) { try CompactBlockMessage(message.bytes.span.bytes) }
    message.prefilled = []
    message.shortIDs += [6, 7]
    #expect(throws: WireError.self) { try CompactBlockMessage(message.bytes.span.bytes) }
  }
}
