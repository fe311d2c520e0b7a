import Bytes
import ControlProtocol
import Testing

@Suite struct ControlFramerTests {
  static let frame = ControlRequest.connect([ConnectTarget(.init(.ipv4(0x7f00_0001), port: 8333))]).frame(
    id: 7
  )

  @Test func findsAFrameOneByteAtATime() throws {
    let framer = ControlFramer()
    for count in 0..<Self.frame.count {
      let piece = try Self.frame[..<count].withUnsafeBytes { try framer.first(in: $0) }
      let needed = count < 5 ? ControlFrame.headerSize : Self.frame.count
      #expect(piece == .needsMore(count: needed))
    }
    let whole = ControlFrame(version: 3, type: 0x14, payloadCount: Self.frame.count - 6)
    for trailing in [[], [2], Self.frame] {
      let piece = try (Self.frame + trailing).withUnsafeBytes { try framer.first(in: $0) }
      #expect(piece == .frame(whole))
    }
    #expect(whole.count == Self.frame.count)
  }

  @Test func refusesAnUnknownVersionAtItsFirstByte() throws {
    let later = try [UInt8]([4]).withUnsafeBytes { try ControlFramer().first(in: $0) }
    #expect(later == .unsupported(version: 4))
    let web = try Array("GET / HTTP/1.1".utf8).withUnsafeBytes { try ControlFramer().first(in: $0) }
    #expect(web == .unsupported(version: UInt8(ascii: "G")))
  }

  @Test func refusesAnOversizedLengthBeforeThePayloadIsThere() throws {
    let framer = ControlFramer(maximumPayloadCount: 10)
    #expect(throws: WireError.self) {
      try [UInt8]([2, 0, 0, 0, 11]).withUnsafeBytes { try framer.first(in: $0) }
    }
    let allowed = try [UInt8]([2, 0, 0, 0, 10]).withUnsafeBytes { try framer.first(in: $0) }
    #expect(allowed == .needsMore(count: 16))
  }
}
