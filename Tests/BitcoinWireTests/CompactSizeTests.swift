import BitcoinWire
import Bytes
import Testing

@Suite struct CompactSizeTests {
  @Test(arguments: [
    (0, "00"), (252, "fc"), (253, "fdfd00"), (65535, "fdffff"), (65536, "fe00000100"),
    (0xffff_ffff, "feffffffff"), (0x1_0000_0000, "ff0000000001000000"), (UInt64.max, "ffffffffffffffffff"),
  ])
  func takesTheFewestBytes(_ value: UInt64, hex: String) throws {
    var bytes: [UInt8] = []
    bytes.appendCompactSize(value)
    #expect(Hexadecimal.text(bytes) == hex)
    var reader = ByteReader(bytes.span.bytes)
    #expect(try reader.compactSize("size", maximum: .max) == value)
    #expect(reader.remaining == 0)
  }

  /// The cases from `noncanonical` in Bitcoin Core's `serialize_tests.cpp`.
  @Test(arguments: [
    "fd0000", "fdfc00", "fe00000000", "feffff0000", "ff0000000000000000", "ffffffff0100000000",
  ])
  func refusesMoreBytesThanNecessary(_ hex: String) {
    let bytes = Samples.hex(hex)
    var reader = ByteReader(bytes.span.bytes)
    var caught: WireError?
    do throws(WireError) { _ = try reader.compactSize("size") } catch { caught = error }
    #expect(caught == WireError(.invalid("is written longer than necessary"), field: "size", offset: 0))
    #expect(reader.offset == 0)
  }

  @Test func refusesMoreThanCoreReads() throws {
    for (value, fits) in [(0x0200_0000, true), (0x0200_0001, false)] {
      var bytes: [UInt8] = []
      bytes.appendCompactSize(value)
      var reader = ByteReader(bytes.span.bytes)
      do { #expect(try reader.compactSize("size") == UInt64(value) && fits) } catch { #expect(!fits) }
    }
  }

  @Test func refusesEveryTruncation() {
    for hex in ["fd", "fdfd", "fe000001", "ff00000000010000", ""] {
      let bytes = Samples.hex(hex)
      var reader = ByteReader(bytes.span.bytes)
      var refused = false
      do { _ = try reader.compactSize("size") } catch { refused = true }
      #expect(refused && reader.offset == 0)
    }
  }
}
