import BitcoinWire
import Foundation
import TestSupport
import Testing

/// What a crawl takes from peers that answer `getaddr` as real ones were reported to.
@Suite(.serialized) struct CrawlAnswerTests {
  /// Addresses where nobody listens, 500 in each network group.
  private static func addresses(_ numbers: Range<Int>) -> [Endpoint] {
    numbers.map { Endpoint("127.\(210 + $0 / 500).\($0 / 250 % 2).\($0 % 250 + 1):9")! }
  }

  /// The summary of a crawl that begins at a peer.
  private func crawl(from peer: FakePeer) throws -> [String: Any] {
    defer { peer.stop() }
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startConnector()
    let crawl = try deployment.netmine(["crawl", "--json", "\(peer.endpoint)"], timeout: 170)
    #expect(crawl.status == 0, "\(crawl.errors)")
    try deployment.stopAll()
    let last = try #require(crawl.output.split(separator: "\n").last)
    return try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
  }

  @Test(.timeLimit(.minutes(4))) func creditsAnAnswerBeforeTheEnd() throws {
    for _ in 0..<3 {
      let addresses = Self.addresses(0..<1000)
      let summary = try crawl(from: .answersAndCloses(at: "127.200.0.1", with: addresses))
      #expect(summary["answered"] as? Int == 1)
      #expect(summary["candidates"] as? Int == 1001)
    }
  }

  @Test(.timeLimit(.minutes(4))) func asksAgainWhoDidNotAnswer() throws {
    let peer = try FakePeer.dropsTheFirstGetaddr(at: "127.200.0.2", with: Self.addresses(0..<50))
    let summary = try crawl(from: peer)
    #expect(peer.connectionCount == 2)
    #expect(summary["answered"] as? Int == 1)
    #expect(summary["candidates"] as? Int == 51)
  }

  @Test(.timeLimit(.minutes(4))) func takesNoSelfAnnouncementForAnAnswer() throws {
    let other = Endpoint("127.202.0.1:9")!
    let peer = try FakePeer.announcesAnotherAddress(
      other,
      at: "127.200.0.3",
      with: Self.addresses(0..<30)
    )
    let summary = try crawl(from: peer)
    #expect(summary["answered"] as? Int == 1)
    #expect(summary["candidates"] as? Int == 32)
  }

  @Test(.timeLimit(.minutes(4)), arguments: [[1000, 1000, 500], [10, 10, 10, 10, 10]])
  func takesAnAnswerInParts(_ counts: [Int]) throws {
    var parts: [[Endpoint]] = []
    for count in counts {
      let begin = parts.joined().count
      parts.append(Self.addresses(begin..<begin + count))
    }
    let summary = try crawl(from: .answersInParts(at: "127.200.0.4", parts))
    #expect(summary["answered"] as? Int == 1)
    #expect(summary["candidates"] as? Int == 1 + parts.joined().count)
  }
}
