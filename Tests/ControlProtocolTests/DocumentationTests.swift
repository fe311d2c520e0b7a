import BitcoinWire
import Bytes
import ControlProtocol
import Foundation
import Testing

/// The bytes that docs/control-protocol.md shows are the ones that are spoken.
@Suite struct DocumentationTests {
  static let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "docs/control-protocol.md").path

  /// The lines between fences that hold a frame, as bytes, in order.
  static func frames(from prefix: Regex<Substring>) throws -> [[UInt8]] {
    try String(contentsOfFile: page, encoding: .utf8).split(separator: "\n").compactMap { line in
      guard let match = line.prefixMatch(of: prefix) else { return nil }
      return Hexadecimal.bytes(line[match.range.upperBound...].filter { $0 != " " })
    }
  }

  @Test func showsVersion2AsItIs() throws {
    let node = Endpoint("127.0.0.1:18444")!
    let peer = PeerIntroduction(
      protocolVersion: 70016,
      services: ServiceFlags(rawValue: 0x409),
      userAgent: Array("/Satoshi:29.0.0/".utf8),
      startHeight: 101,
      relay: true
    )
    let hello = ServerHello(
      server: "connector 0.1.0",
      networkName: "regtest",
      magic: Network.regtest.magic,
      defaultPort: Network.regtest.defaultPort,
      instance: 0x0123_4567_89ab_cdef
    )
    let local = Endpoint("127.0.0.1:40000")!
    #expect(
      try Self.frames(from: #/[<>] /#) == [
        ControlRequest.hello(versions: 2...2, client: "demo 1").frame(id: 1),
        ControlReply.hello(hello).frame(id: 1),
        ControlRequest.connect([ConnectTarget(node)]).frame(id: 2),
        ControlReply.connecting([1]).frame(id: 2),
        ControlEvent.connected(1, local: local, duration: 250_000).frame(id: 2),
        ControlEvent.handshaken(1, peer, duration: 1_500_000).frame(id: 2),
      ]
    )
  }

  @Test func showsVersion0AsItIs() throws {
    let connect = CoinscopeRequest.connect(
      remote: Endpoint("1.2.3.4:8333")!,
      local: Endpoint("127.0.0.1:0")!
    )
    #expect(
      try Self.frames(from: #/[a-z][a-z0-9.: ]*?  +/#) == [
        CoinscopeRequest.register.frame,
        CoinscopeRequest.getConnections.frame,
        CoinscopeRequest.disconnect(.connections([7])).frame,
        CoinscopeRequest.send(message: 5, .all).frame,
        connect.frame,
      ]
    )
  }

  @Test func namesEveryType() throws {
    let text = try String(contentsOfFile: Self.page, encoding: .utf8)
    let types = Samples.requests.map(\.type) + Samples.replies.map(\.type) + Samples.events.map(\.type)
    for type in types { #expect(text.contains("| 0x\(String(type, radix: 16)) |"), "\(type)") }
  }
}
