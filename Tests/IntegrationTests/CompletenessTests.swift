import Foundation
import TestSupport
import Testing

/// A short run of `tools/soak`: whatever other peers do, the archive has all messages of a network, byte for
/// byte.
@Suite struct CompletenessTests {
  @Test(.timeLimit(.minutes(4))) func archivesEverythingAmongUnpleasantNeighbours() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim()
    let truth = deployment.root + "truth.log"
    let nodes = try deployment.startSimnet(
      nodes: 60,
      base: "127.75.0.1",
      [
        "--unpleasant", "0.3", "--pace", "500", "--churn", "60", "--down-time", "2", "--truth-messages",
        truth,
      ]
    )
    try deployment.startConnector()
    // Some of the unpleasant peers never complete a handshake.
    let connect = try deployment.netmine(["connect", "--keep", "--timeout", "3"] + nodes)
    #expect(connect.status == 1, "\(connect.errors)\(connect.output)")
    try deployment.verbatim!.wait(for: "5000 messages in the archive", timeout: 60) {
      try deployment.records().messages.count > 5000
    }
    try deployment.stopAll()
    let compare = try deployment.netmine(
      ["log", "compare", "--json", "--truth", truth] + deployment.archiveFiles()
    )
    #expect(compare.status == 0, "\(compare.output)\(compare.errors)")
    #expect(compare.output.contains("\"missing\":0"), "\(compare.output)")
  }
}
