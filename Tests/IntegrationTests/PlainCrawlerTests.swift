import BitcoinWire
import Bytes
import Foundation
import Glibc
import Observations
import TestSupport
import Testing

/// The plain crawler that `tools/bench crawl` runs next to `netmine crawl`.
@Suite(.serialized, .enabled(if: Program.python != nil, "needs Python 3"))
struct PlainCrawlerTests {
  static let folder = PipelineTests.repository + "Tests/Bench/Crawl/"
  static let magic = Hexadecimal.text(Network.simnet.frame("getaddr").prefix(4))

  @Test(.timeLimit(.minutes(3))) func bothFindTheSame() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startConnector()
    let nodes = try deployment.startSimnet(
      nodes: 200,
      base: "127.99.0.1",
      [
        "--tx-rate", "0", "--block-interval", "0", "--dead", "300", "--spam", "100", "--unpleasant",
        "address-spammer=0.05,full=0.05,refused=0.05,garbage=0.05", "--truth", deployment.root + "truth",
      ]
    )
    var reachable: Set<String> = []
    try deployment.simnet!.wait(for: "the truth") {
      let text = try String(contentsOfFile: deployment.root + "truth", encoding: .utf8)
      let lines = text.split(separator: "\n")
      guard lines.count > nodes.count else { return false }
      let known = try Self.objects(lines.prefix(nodes.count).joined(separator: "\n"))
      reachable = Set(
        known.compactMap {
          [nil, "address-spammer"].contains($0["neighbour"] as? String) ? $0["endpoint"] as? String : nil
        }
      )
      return true
    }
    #expect(reachable.count == 170)
    let start = reachable.sorted().prefix(3)
    let ours = try deployment.netmine(["crawl", "--json", "--rate", "100000"] + start, timeout: 120)
    #expect(Self.reached(try Self.objects(ours.output)) == reachable)
    let plain = try Program(
      Program.python!,
      [Self.folder + "crawler.py", "--magic", Self.magic, "--workers", "50"] + start,
      folder: deployment.root
    )
    #expect(try plain.wait(timeout: 120) == 0, "\(plain.errors)")
    let events = try Self.objects(plain.output)
    #expect(Self.reached(events) == reachable)
    #expect(events.last?["reachable"] as? Int == reachable.count)
    #expect(events.last?["answered"] as? Int == reachable.count)
    // The spammer may have left before it sent all of its addresses.
    let candidates = try #require(events.last?["candidates"] as? Int)
    #expect((500...600).contains(candidates))
    try deployment.stopAll()
  }

  @Test func dialsNothingBeyondThisMachine() throws {
    let folder = TemporaryFolder()
    let script = """
      import argparse, asyncio, crawler

      def dial(*arguments): raise SystemExit("dialled")

      asyncio.open_connection = dial

      async def test():
          options = argparse.Namespace(magic="00000000", workers=1, connect_timeout=1, answer_timeout=1)
          crawl = crawler.Crawler(options)
          elsewhere = [crawler.endpoint(text + ":1") for text in ("192.0.2.1", "10.0.0.1", "126.255.255.255", "128.0.0.0", "0.0.0.0")]
          crawl.learn(elsewhere)
          assert crawl.queue.empty() and crawl.elsewhere == len(elsewhere)
          for endpoint in elsewhere:
              try: await crawler.connect(endpoint)
              except crawler.NotThisMachine: continue
              raise SystemExit("not refused")
          crawl.learn([crawler.endpoint("127.1.2.3:1")])
          assert crawl.queue.qsize() == 1

      asyncio.run(test())
      """
    let test = try Program(
      Program.python!,
      ["-c", script],
      folder: folder.path,
      environment: ["PYTHONPATH": Self.folder, "PYTHONDONTWRITEBYTECODE": "1"]
    )
    #expect(try test.wait() == 0, "\(test.errors)")
  }

  /// The JSON objects that a program prints, one per line.
  static func objects(_ output: String) throws -> [[String: Any]] {
    try output.split(separator: "\n").map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
  }

  private static func reached(_ events: [[String: Any]]) -> Set<String> {
    Set(events.compactMap { $0["event"] as? String == "reached" ? $0["address"] as? String : nil })
  }
}
