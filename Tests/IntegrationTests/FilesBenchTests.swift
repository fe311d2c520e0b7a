import Foundation
import TestSupport
import Testing

/// `bench files`, as `tools/bench files` runs it, on a small archive.
@Suite(.enabled(if: access("/usr/bin/zstd", X_OK) == 0, "needs zstd")) struct FilesBenchTests {
  @Test func measuresEveryReaderOfArchivesBesideAnotherOne() throws {
    let folder = TemporaryFolder()
    let netmine = try ChildProcess.folder() + "netmine"
    let bench = try Program(
      "bench",
      ["files", "--megabytes", "1", "--samples", "1", "--json", "--beside", netmine],
      folder: folder.path,
      environment: ["TMPDIR": folder.path, "PATH": "/usr/bin:/bin"]
    )
    #expect(try bench.wait(timeout: 300) == 0, "\(bench.errors)")
    let lines = try bench.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    let works = lines.map { "\($0["work"] ?? "") \($0["compressed"] ?? "")" }
    #expect(
      works
        == ["0", "1"].flatMap { kind in ["stats", "check", "ndjson", "csv", "sqlite"].map { "\($0) \(kind)" }
        }
    )
    for line in lines {
      #expect(try #require(line["bytes"] as? Int) >= 1_000_000)
      for figure in ["bytes_per_second", "cpu_seconds", "ratio_to_floor", "ratio_to_beside"] {
        #expect(try #require(line[figure] as? Double) > 0)
      }
    }
    // The benchmark leaves no files.
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!left.contains { $0.hasPrefix("netmine-bench") })
  }
}
