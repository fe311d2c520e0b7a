import BitcoinWire
import Bytes
import Testing

@Suite struct TransactionTests {
  /// The signed native P2WPKH example of BIP143: two inputs, the second with a witness.
  let bip143 = Samples.hex(
    """
    01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f000000004948304502
    21008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1
    c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287
    d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac
    7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac000247304402203609
    e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f33
    58f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07ae
    ee635711000000
    """
  )

  @Test func readsBIP143sExample() throws {
    let transaction = try Transaction(bip143.span.bytes)
    #expect(transaction.version == 1)
    #expect(transaction.inputs.map(\.script.count) == [73, 0])
    #expect(transaction.inputs.map(\.sequence) == [0xffff_ffee, 0xffff_ffff])
    #expect(transaction.inputs.map { $0.witness.map(\.count) } == [[], [71, 33]])
    #expect(transaction.outputs.map(\.value) == [112_340_000, 223_450_000])
    #expect(transaction.lockTime == 17)
    #expect(transaction.bytes == bip143)
    #expect(transaction.txid == "e8151a2af31c368a35053ddd4bdb285a8595c769a3ad83e0fa02314a602d4609")
    #expect(transaction.wtxid == "c36c38370907df2324d9ce9d149d191192f338b37665a82e78e76a12c909b762")
  }

  @Test func namesTheSameWithoutWitnesses() {
    #expect(Samples.plainTransaction.txid == Samples.plainTransaction.wtxid)
    #expect(Samples.segwitTransaction.txid != Samples.segwitTransaction.wtxid)
    var stripped = Samples.segwitTransaction
    stripped.inputs[1].witness = []
    #expect(stripped.txid == Samples.segwitTransaction.txid)
    #expect(stripped.wtxid == stripped.txid)
  }

  @Test func readsTheEmptyTransaction() throws {
    let empty = Transaction(version: 2, inputs: [], outputs: [], lockTime: 0)
    #expect(empty.bytes.count == Block.minimumTransactionSize)
    #expect(try Transaction(empty.bytes.span.bytes) == empty)
  }

  @Test func refusesOtherFlags() {
    for flags: UInt8 in 2...255 {
      var bytes = bip143
      bytes[5] = flags
      #expect(throws: WireError.self) { try Transaction(bytes.span.bytes) }
    }
  }

  @Test func refusesAWitnessOfNothing() {
    // Bitcoin Core's "Superfluous witness record".
    var bytes = Samples.plainTransaction.bytes
    bytes.insert(contentsOf: [0, 1], at: 4)
    bytes.insert(0, at: bytes.count - 4)
    #expect(throws: WireError.self) { try Transaction(bytes.span.bytes) }
  }
}
