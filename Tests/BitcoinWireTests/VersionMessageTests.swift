import BitcoinWire
import Bytes
import Testing

@Suite struct VersionMessageTests {
  /// The example in the Bitcoin wiki's "Protocol documentation", header included.
  let wiki = Samples.hex(
    """
    f9beb4d9 76657273696f6e0000000000 64000000 358d4932
    62ea0000 0100000000000000 11b2d05000000000
    0100000000000000 00000000000000000000ffff00000000 0000
    0000000000000000 00000000000000000000ffff00000000 0000
    3b2eb35d8ce61765 0f2f5361746f7368693a302e372e322f c03e0300
    """
  )

  @Test func readsTheWikisExample() throws {
    let framer = Network.mainnet.framer
    guard case .message(let header, let total, let valid) = framer.next(in: wiki.span.bytes) else {
      Issue.record("not a message")
      return
    }
    #expect(header.command == .version)
    #expect(total == wiki.count)
    #expect(valid)
    let decoded = try Message.decode(header.command, Array(wiki[24...]))
    guard case .version(let version) = decoded.message else {
      Issue.record("not a version")
      return
    }
    #expect(decoded.trailing == [])
    #expect(version.version == 60002)
    #expect(version.services == .network)
    #expect(version.time == 1_355_854_353)
    #expect(version.receiver.endpoint.description == "0.0.0.0:0")
    #expect(version.nonce == 0x6517_e68c_5db3_2e3b)
    #expect(version.userAgentText == "/Satoshi:0.7.2/")
    #expect(version.startHeight == 212_672)
    #expect(version.relay == nil)
    #expect(Network.mainnet.frame(decoded.message) == wiki)
  }

  @Test(arguments: [46, 80, 97, 101, 102])
  func readsEveryLengthThatCoreReads(_ count: Int) throws {
    let payload = Array(Samples.version.bytes[..<count])
    let version = try VersionMessage(payload.span.bytes)
    #expect(version.bytes == payload)
    #expect((version.nonce != nil) == (count >= 80))
    #expect((version.userAgent != nil) == (count >= 97))
    #expect((version.startHeight != nil) == (count >= 101))
    #expect((version.relay != nil) == (count >= 102))
  }

  @Test func refusesALongUserAgent() throws {
    var version = Samples.version
    version.userAgent = [UInt8](repeating: 0x41, count: 256)
    #expect(try VersionMessage(version.bytes.span.bytes) == version)
    version.userAgent?.append(0x41)
    var caught: WireError?
    do throws(WireError) { _ = try VersionMessage(version.bytes.span.bytes) } catch { caught = error }
    #expect(caught == WireError(.limit(value: 257, maximum: 256), field: "user agent", offset: 80))
  }

  @Test func showsAHostileUserAgentHarmlessly() {
    var version = Samples.version
    version.userAgent = Array("/a\u{1b}[2J\n\\é\u{202e}/".utf8) + [0xff]
    #expect(version.userAgentText == #"/a\x1b[2J\x0a\\é\xe2\x80\xae/\xff"#)
  }

  /// Bitcoin Core reads any byte but 0 as true.
  @Test func keepsARelayThatIsNoTruthValue() throws {
    var payload = Samples.version.bytes
    payload[payload.count - 1] = 2
    var version = try VersionMessage(payload.span.bytes)
    #expect(version.relay == true)
    #expect(version.bytes == payload)
    version.relay = true
    #expect(version == Samples.version)
  }
}
