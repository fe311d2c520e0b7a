import Bytes
import Testing

@Suite struct ByteReaderTests {
  let bytes: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

  @Test func readsBothByteOrders() throws {
    var reader = ByteReader(bytes.span.bytes)
    #expect(try reader.big(UInt16.self, "a") == 0x0102)
    #expect(try reader.little(UInt16.self, "b") == 0x0403)
    #expect(try reader.big(UInt8.self, "c") == 5)
    #expect(reader.offset == 5)
    #expect(reader.remaining == 3)
  }

  @Test func namesTheFieldThatIsCutShort() {
    var reader = ByteReader(bytes.span.bytes)
    var caught: WireError?
    do throws(WireError) {
      try reader.skip(6, "head")
      _ = try reader.little(UInt32.self, "height")
    } catch {
      caught = error
    }
    #expect(caught == WireError(.truncated(needed: 4, available: 2), field: "height", offset: 6))
    #expect(reader.offset == 6)
  }

  @Test func refusesALengthNobodyHas() {
    var reader = ByteReader(bytes.span.bytes)
    var failures = 0
    for count in [9, Int.max, -1] {
      do { _ = try reader.array(count, "payload") } catch { failures += 1 }
    }
    #expect(failures == 3)
    #expect(reader.offset == 0)
  }

  @Test func reportsTrailingBytes() throws {
    var reader = ByteReader(bytes.span.bytes)
    _ = try reader.array(7, "payload")
    var caught: WireError?
    do throws(WireError) { try reader.finish("payload") } catch { caught = error }
    #expect(caught?.problem == .trailing(count: 1))
    _ = try reader.span(1, "last")
    try reader.finish("last")
  }
}

@Suite struct WritingTests {
  @Test func writesBothByteOrders() {
    var bytes: [UInt8] = []
    bytes.appendBig(UInt32(0x0102_0304))
    bytes.appendLittle(UInt16(0x0506))
    bytes.replaceBig(UInt16(0xffee), at: 1)
    #expect(bytes == [1, 0xff, 0xee, 4, 6, 5])
  }
}
