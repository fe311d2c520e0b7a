import BitcoinWire
import Bytes
import Testing

@Suite struct FilterLoadMessageTests {
  /// The expected filters in Bitcoin Core's `bloom_tests.cpp`, and their tweaks.
  @Test(
    arguments: [
      ("03 614e9b 05000000 00000000 01", [0x61, 0x4e, 0x9b], 5, 0),
      ("03 ce4299 05000000 01000080 01", [0xce, 0x42, 0x99], 5, 0x8000_0001),
      ("03 8fc16b 08000000 00000000 01", [0x8f, 0xc1, 0x6b], 8, 0),
    ] as [(String, [UInt8], UInt32, UInt32)]
  )
  func readsAndWritesCoresFilters(_ text: String, filter: [UInt8], functions: UInt32, tweak: UInt32) throws {
    let bytes = Samples.hex(text)
    let message = try FilterLoadMessage(bytes.span.bytes)
    #expect(message == FilterLoadMessage(filter: filter, hashFunctions: functions, tweak: tweak, flags: 1))
    #expect(message.bytes == bytes)
  }

  @Test func refusesWhatExceedsCoresLimits() throws {
    var message = FilterLoadMessage(
      filter: [UInt8](repeating: 1, count: 36_000),
      hashFunctions: 50,
      tweak: .max,
      flags: 0xff
    )
    #expect(try FilterLoadMessage(message.bytes.span.bytes) == message)
    message.hashFunctions = 51
    expect(WireError(.limit(value: 51, maximum: 50), field: "hash functions", offset: 36_003), message.bytes)
    message.filter.append(1)
    expect(WireError(.limit(value: 36_001, maximum: 36_000), field: "filter", offset: 0), message.bytes)
  }

  @Test func refusesALongElement() throws {
    let message = FilterAddMessage(element: [UInt8](repeating: 1, count: 520))
    #expect(try FilterAddMessage(message.bytes.span.bytes) == message)
    let long = FilterAddMessage(element: message.element + [1]).bytes
    var caught: WireError?
    do throws(WireError) { _ = try FilterAddMessage(long.span.bytes) } catch { caught = error }
    #expect(caught == WireError(.limit(value: 521, maximum: 520), field: "filter element", offset: 0))
  }

  private func expect(_ error: WireError, _ bytes: [UInt8]) {
    var caught: WireError?
    do throws(WireError) { _ = try FilterLoadMessage(bytes.span.bytes) } catch { caught = error }
    #expect(caught == error)
  }
}
