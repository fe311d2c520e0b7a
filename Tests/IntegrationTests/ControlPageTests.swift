import Bytes
import ControlProtocol
import Foundation
import TestSupport
import Testing

/// Checks docs/control-protocol.md against the real protocol.
@Suite(.serialized) struct ControlPageTests {
  static let page = PipelineTests.repository + "docs/control-protocol.md"

  /// Repeats the exchanges on the page. `tools/control-examples --write` updates the page.
  @Test(.enabled(if: Program.python != nil, "needs Python 3"))
  func itsExchangesAreReal() throws {
    let folder = TemporaryFolder()
    let script = try Program(
      Program.python!,
      [
        PipelineTests.repository + "tools/control-examples", "--check", "--programs",
        try ChildProcess.folder(),
      ],
      folder: folder.path
    )
    #expect(try script.wait(timeout: 120) == 0, "\(script.errors.suffix(5000))")
  }

  /// Every type that this version knows has an example. A new type needs one in `tools/control-examples`.
  @Test func everyTypeHasItsExample() throws {
    let text = try String(contentsOfFile: Self.page, encoding: .utf8)
    let lines = text.split(separator: "\n").filter { !$0.hasSuffix("a type that no request has") }
    let shown = Set(
      lines.compactMap { $0.firstMatch(of: /^([<>]) 0[23] [0-9a-f]{8} ([0-9a-f]{2}) .*version [23],/) }
        .map { "\($0.output.1) \($0.output.2)" }
    )
    var count = 0
    for type in UInt8.min...UInt8.max {
      if Self.isRequest(type) {
        count += 1
        #expect(shown.contains("> \(Hexadecimal.text([type]))"))
      }
      if Self.isAnswer(type) {
        count += 1
        #expect(shown.contains("< \(Hexadecimal.text([type]))"))
      }
    }
    #expect(count == shown.count)
  }

  private static let nothing: [UInt8] = [0, 0, 0, 1]

  private static func isRequest(_ type: UInt8) -> Bool {
    guard case .failure(let failure) = ControlRequest.read(type: type, payload: nothing.span.bytes).request
    else { return true }
    return failure.status != .unknownRequest
  }

  // A known type is decoded, or found too short.
  private static func isAnswer(_ type: UInt8) -> Bool {
    do { return try ControlAnswer(type: type, payload: nothing.span.bytes) != nil } catch { return true }
  }

  @Test(.enabled(if: Program.python != nil, "needs Python 3"))
  func itsFirstClientWorks() throws {
    let text = try String(contentsOfFile: Self.page, encoding: .utf8)
    let match = text.firstMatch(of: /<!-- client -->\n```python\n((?s:.*?))```/)
    let deployment = Deployment()
    let client = try deployment.folder.write("client.py", String(try #require(match).output.1))
    let nodes = try deployment.startSimnet(nodes: 2, base: "127.82.0.1")
    try deployment.startConnector()
    func run(_ nodes: [String]) throws -> Program {
      let program = try Program(
        Program.python!,
        [client, deployment.root + "control"] + nodes,
        folder: deployment.root
      )
      try program.wait()
      return program
    }
    let program = try run(nodes + ["127.82.0.1:1"])
    #expect(
      program.lines.sorted()
        == [
          "\(nodes[0]) is connection 1", "\(nodes[1]) is connection 2",
          "127.82.0.1:1 failed: outcome 2",
        ].sorted(),
      "\(program.errors)"
    )
    let refused = try run([String](repeating: "127.82.0.1:1", count: 10_001))
    #expect(refused.errors.hasPrefix("not done, status 7: "), "\(refused.errors)")
  }
}
