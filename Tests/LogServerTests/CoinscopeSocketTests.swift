import BitcoinWire
import Bytes
import TestSupport
import Testing

@testable import LogServerCore

@Suite struct CoinscopeSocketTests {
  /// A record as a coinscope source sends it.
  func input(_ type: UInt8, _ rest: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBig(UInt32(rest.count + 9))
    bytes.append(type)
    bytes.appendBig(UInt64(1_700_000_000))
    return bytes + rest
  }

  /// Its format has no acknowledgement: what a source has sent would be gone, and what a reader has not been sent.
  @Test func losesNothingWhenItShutsDown() throws {
    let bench = try Bench()
    let reader = try bench.raw("clients/all")
    let native = bench.reader()
    try bench.loop.run { bench.server?.status.readers == 2 }
    let source = try bench.raw("servers")
    source.stream.write(input(0x02, Array("first\0".utf8)))
    try bench.loop.run { native.numbered.count == 1 && reader.received.count > 0 }
    reader.stream.pause()
    // More than a socket takes at once, and the last of it unread when the server is told to end.
    let text = [UInt8](repeating: 0x61, count: 100_000) + [0]
    for _ in 0..<40 { source.stream.write(input(0x02, text)) }
    try bench.loop.run { native.numbered.count == 41 }
    source.stream.write(input(0x02, Array("last\0".utf8)))
    source.stream.flush()
    bench.server?.shutDown()
    #expect(native.numbered.count < 42)
    try bench.loop.run { source.isClosed && native.numbered.count == 42 }
    reader.stream.resume()
    try bench.loop.run { reader.received.suffix(5) == Array("last\0".utf8) }
    #expect(reader.received.count > 40 * 100_000)
  }

  @Test func carriesACoinscopeSourcesRecordsToBothKindsOfRecordCollector() throws {
    let bench = try Bench()
    let native = bench.reader()
    let messages = try bench.raw("clients/bitcoin_msg")
    let all = try bench.raw("clients/all")
    let text = try bench.raw("clients/debug")
    try bench.loop.run { bench.server?.status.readers == 4 }
    let source = try bench.raw("servers")
    let message: [UInt8] = [0, 0, 0, 9, 1] + Network.mainnet.frame("verack")
    let bytes = input(0x20, message) + input(0x02, Array("hello\0".utf8))
    for byte in bytes {
      source.stream.write([byte])
      source.stream.flush()
    }
    try bench.loop.run { native.numbered.count == 2 }
    #expect(native.numbered.map(\.sequence) == [1, 2])
    #expect(native.numbered.map(\.time) == [1_700_000_000_000_000_000, 1_700_000_000_000_000_000])
    #expect(native.numbered[0].connection == 9)
    #expect(native.numbered[0].flags == .sent)
    #expect(native.bodies.last == Array("hello".utf8))

    func output(_ bytes: [UInt8]) -> [UInt8] {
      var result: [UInt8] = []
      result.appendBig(UInt32(bytes.count))
      result.appendBig(native.numbered[0].source)
      return result + bytes.dropFirst(4)
    }
    let first = input(0x20, message)
    let second = input(0x02, Array("hello\0".utf8))
    // The length that a reader sees counts the source id.
    let expected = [first, second].map { bytes in output(bytes) }
    try bench.loop.run { all.received.count == expected.joined().count }
    #expect(all.received == Array(expected.joined()))
    #expect(messages.received == expected[0])
    #expect(text.received == expected[1])
  }
}
