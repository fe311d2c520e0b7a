import BitcoinWire
import Bytes
import Testing

@Suite struct MessageSpecificationTests {
  @Test func coversEveryDecodedCommand() {
    #expect(Message.specifications.map(\.command) == Message.decodedCommands)
    #expect(Message.specification(of: "getutxos") == nil)
  }

  /// All that `ALL_NET_MESSAGE_TYPES` of Bitcoin Core's `protocol.h` lists.
  @Test func knowsWhatCoreKnows() {
    let core = """
      version verack addr addrv2 sendaddrv2 inv getdata merkleblock getblocks getheaders tx headers block getaddr
      mempool ping pong notfound filterload filteradd filterclear sendheaders feefilter sendcmpct cmpctblock
      getblocktxn blocktxn getcfilters cfilter getcfheaders cfheaders getcfcheckpt cfcheckpt wtxidrelay sendtxrcncl
      feature
      """
    let current = Message.specifications.filter { $0.removed == nil }.map(\.command)
    #expect(Set(current) == Set(core.split { $0 == " " || $0 == "\n" }.map { Command($0)! }))
  }

  /// What comes before a field that is limited.
  static let before = [
    "version": Array(Samples.version.bytes.prefix(80)), "addrv2/address": Samples.hex("01 00000000 00 09"),
    "getheaders": [0, 0, 0, 0], "getblocks": [0, 0, 0, 0],
    "feature/feature data": [4, 0x41, 0x41, 0x41, 0x41],
    "cmpctblock": [UInt8](repeating: 0, count: 88), "getblocktxn": [UInt8](repeating: 0, count: 32) + [1],
    "filterload/hash functions": [0], "cfheaders": [UInt8](repeating: 0, count: 65),
    "reject/rejection reason": [0, 0],
  ]

  /// One more than a specification allows is refused, and the reason names field and limit as it does.
  @Test(arguments: Message.specifications.filter { !$0.limits.isEmpty })
  func tellsTheLimitsThatAreChecked(_ specification: MessageSpecification) {
    for limit in specification.limits where limit.field != "blocks" {
      let name = specification.command.description
      var payload = Self.before["\(name)/\(limit.field)"] ?? Self.before[name] ?? []
      let offset = payload.count
      if limit.field == "hash functions" {
        payload.appendLittle(UInt32(limit.maximum + 1))
      } else {
        payload.appendCompactSize(limit.maximum + 1)
      }
      payload += [UInt8](repeating: 0, count: (limit.maximum + 1) * 90)
      var caught: WireError?
      do throws(WireError) { _ = try Message.decode(specification.command, payload) } catch { caught = error }
      #expect(caught?.problem == .limit(value: UInt64(limit.maximum + 1), maximum: UInt64(limit.maximum)))
      #expect(caught?.field.description == limit.field)
      #expect(caught?.offset == offset)
    }
  }
}
