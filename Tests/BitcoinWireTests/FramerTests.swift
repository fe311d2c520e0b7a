import BitcoinWire
import Bytes
import Testing

@Suite struct FramerTests {
  let framer = Network.mainnet.framer
  let message = Network.mainnet.frame(.ping(PingMessage(nonce: 7)))

  @Test func asksForMoreByteByByte() {
    for count in 0..<message.count {
      let expected = count < 24 ? 24 : message.count
      #expect(framer.next(in: message.span.bytes.extracting(first: count)) == .needMore(total: expected))
    }
    let header = MessageHeader(peeking: message.span.bytes)!
    #expect(framer.next(in: message.span.bytes) == .message(header, total: 32, checksumValid: true))
    #expect(header.command == .ping)
    #expect(header.length == 8)
  }

  @Test func findsOneMessageAfterAnother() {
    let stream = Samples.messages.flatMap { Network.mainnet.frame($0) }
    var offset = 0
    var found: [Command] = []
    while case .message(let header, let total, true) = framer.next(
      in: stream.span.bytes.extracting(offset...)
    ) {
      found.append(header.command)
      offset += total
    }
    #expect(offset == stream.count)
    #expect(found == Samples.messages.map(\.command))
  }

  @Test func findsTheSameOneByteAtATime() {
    let stream = Samples.messages.flatMap { Network.mainnet.frame($0) }
    var buffer: [UInt8] = []
    var found: [Command] = []
    for byte in stream {
      buffer.append(byte)
      switch framer.next(in: buffer.span.bytes) {
      case .needMore(let total):
        #expect(total > buffer.count)
      case .message(let header, let total, let valid):
        #expect(valid && total == buffer.count)
        found.append(header.command)
        buffer = []
      case .violation(let violation):
        Issue.record("\(violation)")
        return
      }
    }
    #expect(found == Samples.messages.map(\.command))
  }

  @Test func refusesAnotherMagicAtItsFirstWrongByte() {
    for wrong in 0..<4 {
      var bytes = message
      bytes[wrong] ^= 1
      for count in 0...message.count {
        let status = framer.next(in: bytes.span.bytes.extracting(first: count))
        if count <= wrong {
          #expect(status == .needMore(total: 24))
        } else {
          let found = Array(bytes[..<min(4, count)])
          #expect(status == .violation(.wrongMagic(found: found, expected: 0xd9b4_bef9)))
        }
      }
    }
  }

  @Test func rejectsOversizedLength() {
    var bytes: [UInt8] = []
    var header = MessageHeader(magic: Network.mainnet.magic, command: .block, length: 4_000_000, checksum: 0)
    header.append(to: &bytes)
    #expect(framer.next(in: bytes.span.bytes) == .needMore(total: 4_000_024))

    for length in [4_000_001, UInt32.max] {
      header.length = length
      bytes = []
      header.append(to: &bytes)
      #expect(framer.next(in: bytes.span.bytes.extracting(first: 23)) == .needMore(total: 24))
      #expect(framer.next(in: bytes.span.bytes) == .violation(.oversized(header, maximum: 4_000_000)))
    }
  }

  @Test func reportsAWrongChecksum() {
    var bytes = message
    bytes[31] ^= 1
    let header = MessageHeader(peeking: bytes.span.bytes)!
    #expect(framer.next(in: bytes.span.bytes) == .message(header, total: 32, checksumValid: false))
  }

  @Test func explainsViolations() {
    #expect(
      Framer.Violation.wrongMagic(found: [0x47, 0x45], expected: 0xd9b4_bef9).description
        == "magic is 4745, not f9beb4d9"
    )
  }

  @Test func readsAnUnsafeBuffer() {
    let status = message.withUnsafeBytes { framer.next(in: $0) }
    #expect(status == framer.next(in: message.span.bytes))
  }
}
