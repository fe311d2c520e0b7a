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

  /// The format has no acknowledgement: a source's sent records and a reader's unsent records would be lost.
  @Test func losesNothingWhenItShutsDown() throws {
    let bench = try Bench()
    let reader = try bench.raw("clients/all")
    let native = bench.reader()
    try bench.loop.run { bench.server?.status.readers == 2 }
    let source = try bench.raw("servers")
    source.stream.write(input(0x02, Array("first\0".utf8)))
    try bench.loop.run { native.numbered.count == 1 && reader.received.count > 0 }
    reader.stream.pause()
    // More than a socket accepts at once; the last record is still unread when the server shuts down.
    let text = [UInt8](repeating: 0x61, count: 100_000) + [0]
    for _ in 0..<40 { source.stream.write(input(0x02, text)) }
    try bench.loop.run { native.numbered.count == 41 }
    source.stream.write(input(0x02, Array("last\0".utf8)))
    source.stream.flush()
    bench.server?.shutDown()
    #expect(native.numbered.count < 42)
    try bench.loop.run { source.isClosed && native.numbered.count == 42 }
    reader.stream.resume()
    try bench.loop.run { reader.received.suffix(5).elementsEqual("last\0".utf8) }
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
    // The length field in a reader's record includes the source id.
    let expected = [first, second].map { bytes in output(bytes) }
    try bench.loop.run { all.received.count == expected.joined().count }
    #expect(all.received == Array(expected.joined()))
    #expect(messages.received == expected[0])
    #expect(text.received == expected[1])
  }

  /// Records of one read are forwarded together. Those after a malformed one are not.
  @Test func carriesRecordsThatComeTogetherUpToAWrongOne() throws {
    let bench = try Bench()
    let native = bench.reader()
    let all = try bench.raw("clients/all")
    try bench.loop.run { bench.server?.status.readers == 2 }
    let source = try bench.raw("servers")
    // A socket address as coinscope sends it: family, port, IPv4 address, padding.
    let address: [UInt8] = [2, 0, 0x20, 0x8d, 10, 0, 0, 1] + [UInt8](repeating: 0, count: 8)
    let opened: [UInt8] = [0, 0, 0, 7, 0, 0, 0, 1] + address + address + [0, 0, 0, 0]
    let message: [UInt8] =
      [0, 0, 0, 7, 0] + Network.mainnet.frame("ping", payload: [1, 2, 3, 4, 5, 6, 7, 8])
    var bytes = input(0x10, opened)
    for _ in 0..<3000 { bytes += input(0x20, message) }
    // Longer than a chunk.
    bytes += input(0x20, message + [UInt8](repeating: 9, count: 1 << 20))
    bytes += input(0x02, Array("last\0".utf8))
    let expected = bytes.count + 3003 * 4
    bytes += input(0x03, []) + input(0x02, Array("never\0".utf8))
    source.stream.write(bytes)
    try bench.loop.run { source.isClosed && native.numbered.count == 3003 && all.received.count == expected }
    #expect(native.numbered.map(\.sequence) == Array(1...3003))
    #expect(native.numbered.first?.type == .connection)
    #expect(native.numbered[1...3001].allSatisfy { $0.type == .message && $0.connection == 7 })
    let messages = zip(native.headers, native.bodies).filter { $0.0.type == .message }.map(\.1)
    #expect(Set(messages.dropLast()) == [Array(message.dropFirst(5))])
    #expect(all.received.suffix(5).elementsEqual("last\0".utf8))
  }
}
