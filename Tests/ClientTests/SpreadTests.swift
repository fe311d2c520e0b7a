import BitcoinWire
import Bytes
import ControlProtocol
import LogConsumer
import LogProtocol
import Testing

@testable import Commands
@testable import ControlCommands

@Suite struct SpreadTests {
  static let transaction = Transaction(
    version: 2,
    inputs: [TransactionInput(previous: OutPoint(txid: .zero, index: 0), script: [], witness: [[1]])],
    outputs: [TransactionOutput(value: 1, script: [0x51])],
    lockTime: 0
  )

  @Test func seesWhoDoesWhatAndWhen() throws {
    let content = try ProbeContent(
      named: [],
      transactions: [Hexadecimal.text(Self.transaction.bytes)],
      blocks: []
    )
    let (txid, wtxid) = (Self.transaction.txid, Self.transaction.wtxid)
    #expect(content.items == [InventoryItem(.tx, txid)])
    #expect(content.witnessItems == [InventoryItem(.wtx, wtxid)])
    #expect(content.parcel(wtxid)?.payload == Self.transaction.bytes)
    var spread = Spread(of: content.hashes, told: [Network.regtest.frame(.tx(Self.transaction))])
    func note(_ record: (RecordHeader, [UInt8])) -> [Spread.Sighting] {
      record.1.withUnsafeBytes { spread.note(StreamRecord(record.0, $0)) }
    }
    func inventory(_ hashes: Hash256...) -> InventoryMessage {
      InventoryMessage(items: hashes.map { InventoryItem(.wtx, $0) })
    }
    // Before our first message, announcements do not count.
    #expect(note(RecordedStream.message(.inv(inventory(wtxid)), 3, at: 5)) == [])
    _ = note(RecordedStream.message(.tx(Self.transaction), 1, at: 10, .sent))
    _ = note(RecordedStream.message(.tx(Self.transaction), 2, at: 20, .sent))
    #expect(note(RecordedStream.message(.getdata(inventory(.zero)), 2, at: 25)) == [])
    #expect(
      note(RecordedStream.message(.getdata(inventory(.zero, wtxid)), 2, at: 30, .upperBound)) == [
        .init(
          connection: 2,
          deed: .asked,
          hash: wtxid,
          time: 30,
          isUpperBound: true,
          delay: 10,
          wasTold: true
        )
      ]
    )
    #expect(note(RecordedStream.message(.getdata(inventory(wtxid)), 2, at: 31)) == [])
    // For a peer that got no message, the time starts at the first message to any peer.
    #expect(
      note(RecordedStream.message(.inv(inventory(wtxid)), 3, at: 40)) == [
        .init(
          connection: 3,
          deed: .announced,
          hash: wtxid,
          time: 40,
          isUpperBound: false,
          delay: 30,
          wasTold: false
        )
      ]
    )
    #expect(note(RecordedStream.message(.tx(Self.transaction), 3, at: 50)).map(\.deed) == [.sent])
    _ = note(RecordedStream.end(1, at: 60))
    #expect(spread.closed == [1])
    #expect(spread.toldCount == 2)
    #expect(spread.connections(.asked) == [2])
  }

  @Test func readsWhatIsAnnounced() {
    let hash = Self.transaction.txid
    #expect(ProbeItem(argument: "wtx:\(hash)")?.item == InventoryItem(.wtx, hash))
    for wrong in ["", "tx", "tx:", "nothing:\(hash)", "tx:\(hash)0", "\(hash)"] {
      #expect(ProbeItem(argument: wrong) == nil)
    }
    let error = #expect(throws: ClientFailure.self) {
      try ProbeContent(named: [], transactions: ["0102"], blocks: [])
    }
    #expect(error?.status == .usage)
  }
}

@Suite struct DedupeTests {
  @Test func keepsOneOfEachAddress() {
    let connections = [(1, "1.1.1.1:1"), (2, "1.1.1.1:2"), (3, "1.1.1.1:1"), (4, "[::1]:1")].map {
      ConnectionInfo(
        id: $0.0,
        direction: .outbound,
        state: .open,
        remote: Endpoint($0.1)!,
        local: Endpoint("127.0.0.1:9")!,
        since: 0
      )
    }
    func surplus(_ keep: DedupeCommand.Keep, anyPort: Bool) -> [[UInt32]] {
      DedupeCommand.surplus(connections, keep: keep, anyPort: anyPort).map { [$0.connection.id, $0.kept] }
    }
    #expect(surplus(.newest, anyPort: false) == [[1, 3]])
    #expect(surplus(.oldest, anyPort: false) == [[3, 1]])
    #expect(surplus(.newest, anyPort: true) == [[1, 3], [2, 3]])
  }
}

@Suite struct PaceTests {
  @Test func allowsSoManyASecond() {
    let second: UInt64 = 1_000_000_000
    var pace = Pace(perSecond: 10, at: 0)
    #expect(pace.allowance(at: 0) == 1)
    pace.take(1)
    #expect(pace.allowance(at: 0) == 0)
    #expect(abs(pace.secondsUntilNext(at: 0) - 0.101) < 0.001)
    #expect(pace.allowance(at: second / 4) == 2)
    // The allowance of a long pause is lost.
    #expect(pace.allowance(at: 100 * second) == 10)
    var slow = Pace(perSecond: 0.5, at: 0)
    slow.take(slow.allowance(at: 0))
    #expect(slow.allowance(at: second) == 0)
    #expect(slow.allowance(at: 2 * second) == 1)
    var free = Pace(perSecond: nil, at: 0)
    free.take(1000)
    #expect(free.allowance(at: 0) == .max)
  }
}
