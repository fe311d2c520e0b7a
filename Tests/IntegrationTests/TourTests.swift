import Foundation
import TestSupport
import Testing

/// The README's tour, run as it is written.
@Suite struct TourTests {
  @Test func theReadmesTourWorks() throws {
    let readme = try String(contentsOfFile: PipelineTests.repository + "README.md", encoding: .utf8)
    let blocks = readme.matches(of: /<!-- tour -->\n```sh\n((?s:.*?))```/).map { String($0.output.1) }
    #expect(blocks.count >= 6)
    // Only the folder differs, and the nodes have addresses that no other test uses.
    let folder = TemporaryFolder()
    let script = blocks.joined().replacing("/tmp/netmine-tour", with: String(folder.path.dropLast()))
      .replacing("simnet --nodes 50", with: "simnet --nodes 50 --base 127.40.0.1")
    let path = folder.path + "tour.sh"
    try ("set -e -o pipefail\n" + script.replacing("| head -n 5", with: "| sed -n 1,5p")).write(
      toFile: path,
      atomically: true,
      encoding: .utf8
    )
    let tour = try Program(
      "/bin/bash",
      [path],
      folder: folder.path,
      environment: [
        "NETMINE": PipelineTests.repository,
        "PATH": "\(try ChildProcess.folder()):/usr/sbin:/usr/bin:/sbin:/bin",
      ]
    )
    let status = try tour.wait(timeout: 120)
    #expect(status == 0, "\(tour.output)\(tour.errors)")
    #expect(tour.errors.contains("50 of 50 connected"))
    #expect(tour.output.contains("getaddr: sent to 50 connections"))
    #expect(tour.output.contains("ping: sent to 2 connections"))
    #expect(tour.output.contains("50 peers, 50 pings, 50 pongs: "))
    #expect(tour.errors.contains("3 of 3 peers answered"))
    #expect(tour.errors.contains("50 of 50 asked have answered"))
    #expect(tour.output.contains("records lost: 0"))
    #expect(tour.output.contains("duplicate records: 0"))
    let pidFiles = { (try? FileManager.default.contentsOfDirectory(atPath: folder.path + "run")) ?? [] }
    try tour.wait(for: "the daemons to end") { pidFiles().isEmpty }
  }
}
