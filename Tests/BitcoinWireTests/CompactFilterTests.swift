import BitcoinWire
import Bytes
import Testing

@Suite struct CompactFilterTests {
  /// The filters and filter headers of test network blocks 2 and 3, from BIP158's test vectors.
  @Test func chainsFilterHeadersAsBIP158() {
    let second = CompactFilterMessage(
      block: "000000006c02c8ea6e4ff69651f7fcde348fb9d557a06e6957b65552002a7820",
      filter: [0x01, 0x74, 0xa1, 0x70]
    )
    let third = CompactFilterMessage(
      block: "000000008b896e272758da5297bcd98fdc6d97c9b765ecec401e286dc1fdbe10",
      filter: [0x01, 0x6c, 0xf7, 0xa0]
    )
    let first: Hash256 = "d7bdac13a59d745b1add0d2ce852f1a0442e8945fc1bf3848d3cbffd88c24fe1"
    let header = second.filterHeader(after: first)
    #expect(header == "186afd11ef2b5e7e3504f2e8cbf8df28a1fd251fe53d60dff8b1467d1b386cf0")
    #expect(
      third.filterHeader(after: header) == "8d63aadf5ab7257cb6d2316a57b16f517bff1c6388f124ec4c04af1212729d2a"
    )
  }

  @Test func refusesMoreFilterHashesThanBIP157() throws {
    var message = CompactFilterHeadersMessage(
      stop: .zero,
      previous: .zero,
      filterHashes: [Hash256](repeating: .zero, count: 2000)
    )
    #expect(try CompactFilterHeadersMessage(message.bytes.span.bytes) == message)
    message.filterHashes.append(.zero)
    let bytes = message.bytes
    var caught: WireError?
    do throws(WireError) { _ = try CompactFilterHeadersMessage(bytes.span.bytes) } catch { caught = error }
    #expect(caught == WireError(.limit(value: 2001, maximum: 2000), field: "filter hash count", offset: 65))
  }
}
