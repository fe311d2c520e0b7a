import BitcoinWire
import Bytes

/// Messages of light clients, of block relay, and of other concerns that have few of them.
extension Samples {
  static let filterMessages: [Message] = [
    .filterload(FilterLoadMessage(filter: [0x61, 0x4e, 0x9b], hashFunctions: 5, tweak: 0, flags: 1)),
    .filteradd(FilterAddMessage(element: [0xde, 0xad])), .filterclear,
    .merkleblock(
      MerkleBlockMessage(
        header: genesisHeader,
        tree: PartialMerkleTree(txids: [genesisHeader.merkleRoot]) { _ in true }
      )
    ),
    .getcfilters(CompactFilterRangeMessage(startHeight: 1, stop: genesisHeader.hash)),
    .cfilter(CompactFilterMessage(block: genesisHeader.hash, filter: [0x01, 0x9d, 0xfc, 0xa8])),
    .getcfheaders(CompactFilterRangeMessage(filterType: 7, startHeight: 2, stop: genesisHeader.hash)),
    .cfheaders(
      CompactFilterHeadersMessage(
        stop: genesisHeader.hash,
        previous: .zero,
        filterHashes: [genesisHeader.merkleRoot, plainTransaction.txid]
      )
    ),
    .getcfcheckpt(GetCompactFilterCheckpointsMessage(stop: genesisHeader.hash)),
    .cfcheckpt(
      CompactFilterCheckpointsMessage(stop: genesisHeader.hash, filterHeaders: [genesisHeader.merkleRoot])
    ),
  ]

  static let blockMessages: [Message] = [
    .cmpctblock(
      CompactBlockMessage(
        header: genesisHeader,
        nonce: 0x0102_0304_0506_0708,
        shortIDs: [1, 0x1234_5678_9abc, 0xffff_ffff_ffff],
        prefilled: [
          .init(index: 0, transaction: plainTransaction), .init(index: 3, transaction: segwitTransaction),
        ]
      )
    ),
    .getblocktxn(GetBlockTransactionsMessage(block: genesisHeader.hash, indexes: [0, 300, .max])),
    .blocktxn(
      BlockTransactionsMessage(
        block: genesisHeader.hash,
        transactions: [plainTransaction, segwitTransaction]
      )
    ),
  ]

  static let otherMessages: [Message] = [
    .sendtxrcncl(SendReconciliationMessage(version: 1, salt: 0x0102_0304_0506_0708)),
    .feature(FeatureMessage(name: Array("BIP9999".utf8), data: [1, 2])),
    .alert(AlertMessage(content: [1, 2, 3], signature: [0x30])),
  ]
}
