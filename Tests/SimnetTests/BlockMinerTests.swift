import BitcoinWire
import Bytes
import Testing

@testable import SimnetCore

@Suite struct BlockMinerTests {
  @Test func startsFromRegtestsFirstBlock() {
    #expect(Block.genesis.header.hash == Network.regtest.genesisHash)
    #expect(Block.genesis.computedMerkleRoot == Block.genesis.header.merkleRoot)
  }

  @Test func chainsProvedBlocksThatHoldWhatTheyClaim() throws {
    let (network, _) = SimulatedNetwork.after(60)
    let ledger = network.ledger
    try #require(ledger.height > network.settings.initialHeight + 5)
    for height in 1...ledger.height {
      let header = ledger.headers[height]
      #expect(header.previous == ledger.hashes[height - 1])
      #expect(header.hash == ledger.hashes[height])
      #expect(BlockMiner.isProved(header.hash, bits: header.bits))
      let times = ledger.headers[max(0, height - 11)..<height].map(\.time).sorted()
      #expect(header.time > times[times.count / 2])
      let block = try #require(ledger.block(at: height))
      #expect(block.header == header)
      #expect(block.computedMerkleRoot == header.merkleRoot)
      #expect(block.transactions[0].inputs[0].script.starts(with: BlockMiner.push(height)))
      #expect(try Block(block.bytes.span.bytes) == block)
    }
  }

  @Test func commitsToWitnesses() throws {
    let (network, _) = SimulatedNetwork.after(30)
    let block = try #require(network.ledger.block(at: network.ledger.height))
    try #require(block.transactions.contains { $0.inputs[0].previous.txid != .zero && $0.hasWitness })
    // BIP141: the root over the wtxids, with zero for the coinbase's, then the coinbase's witness.
    var row = [Hash256.zero] + block.transactions.dropFirst().map(\.wtxid)
    while row.count > 1 {
      if row.count % 2 == 1 { row.append(row[row.count - 1]) }
      row = stride(from: 0, to: row.count, by: 2).map {
        Hash256(doubleSHA256: (row[$0].bytes.array + row[$0 + 1].bytes.array).span.bytes)
      }
    }
    let reserved = block.transactions[0].inputs[0].witness[0]
    let commitment = Hash256(doubleSHA256: (row[0].bytes.array + reserved).span.bytes)
    #expect(
      block.transactions[0].outputs.last?.script == [0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed]
        + commitment.bytes.array
    )
  }

  @Test(arguments: [
    ("7fffff0000000000000000000000000000000000000000000000000000000000", true),
    ("7fffff0000000000000000000000000000000000000000000000000000000001", false),
    ("8000000000000000000000000000000000000000000000000000000000000000", false),
    ("0000000000000000000000000000000000000000000000000000000000000000", true),
  ])
  func knowsWhatIsProved(hash: String, expected: Bool) throws {
    #expect(BlockMiner.isProved(try #require(Hash256(hash)), bits: BlockMiner.bits) == expected)
  }

  @Test(
    arguments: [
      (0, [0]), (1, [0x51]), (16, [0x60]), (17, [1, 17]), (127, [1, 127]), (128, [2, 128, 0]),
      (1000, [2, 0xe8, 3]),
    ] as [(Int, [UInt8])]
  )
  func pushesNumbersTheShortestWay(number: Int, script: [UInt8]) {
    #expect(BlockMiner.push(number) == script)
  }
}
