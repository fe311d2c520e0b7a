import Foundation
import Glibc
import TestSupport
import Testing

/// Short runs of `tools/chaos`; `StoppedReaderTests` is the short run for a stopped reader.
@Suite struct ChaosTests {
  /// The options for mounting a file system here; nil if this process may not mount one.
  static let mounting: [String]? = [["--mount"], ["--mount", "--map-root-user"]].first { options in
    let folder = TemporaryFolder()
    guard let trial = try? Program("/usr/bin/unshare", options + ["true"], folder: folder.path) else {
      return false
    }
    return (try? trial.wait()) == 0
  }

  func prove(_ scenario: [String], within: [String] = []) throws {
    let folder = TemporaryFolder()
    let options = ["--patience", "2000"]
    let chaos = try ChildProcess.folder() + "chaos"
    let command = within + [chaos] + scenario + options
    let program = try Program(command[0], Array(command.dropFirst()), folder: folder.path)
    do {
      let status = try program.wait(timeout: 100)
      #expect(status == 0, "\(program.errors.suffix(2000))\(program.output)")
      #expect(program.output.hasPrefix("\(scenario[0]): kept: "), "\(program.output)")
    } catch {
      // So that it stops the programs that it started.
      program.signal(SIGTERM)
      try program.wait()
      throw error
    }
  }

  @Test func losesNothingWhereProcessesAreKilled() throws {
    try prove(["kill", "--kills", "8", "--interval", "0.2", "--rate", "2000"])
  }

  @Test(.enabled(if: mounting != nil, "no file system may be mounted here"))
  func losesNothingThatTheBoundsHoldWhereTheDiskIsFull() throws {
    try prove(["disk", "--seconds", "1", "--rate", "20000"], within: ["/usr/bin/unshare"] + Self.mounting!)
  }

  @Test func makesOneArchiveOfSegmentsOfASecond() throws {
    let configuration = PipelineTests.repository + "tools/verbatim-rotate.cfg"
    try prove(["rotate", "--seconds", "2", "--own-seconds", "2", "--configuration", configuration])
  }

  @Test func losesNothingWhereTheLogServerComesAndGoes() throws {
    try prove(["restart", "--seconds", "4", "--rate", "2000"])
  }

  @Test func losesNothingWhereTheDiskIsSlow() throws {
    try prove(["slow", "--seconds", "3"])
  }

  @Test func saysWhatIsMissingWhereTheDiskHangs() throws {
    try prove(["hang", "--patience-of-sources", "2"])
  }

  @Test func saysWhatIsMissingWhereTheArchiveIsDeleted() throws {
    try prove(["deleted", "--deeds", "6", "--rate", "2000"])
  }

  @Test func takesNobodyForASourceButItself() throws {
    try prove(["takeover", "--seconds", "4", "--rate", "2000"])
  }

  @Test func archivesAllOfAnHonestPeerBesideAFlood() throws {
    try prove(["flood", "--seconds", "3"])
  }

  @Test func holdsWhoIsUp() throws {
    try prove([
      "hold", "--nodes", "100", "--churn", "20", "--down-time", "8", "--seconds", "30", "--share", "95",
    ])
  }

  @Test func disturbsNobodyWhereStrangersMisbehave() throws {
    try prove(["malformed", "--seconds", "2", "--connects", "500", "--rate", "2000"])
  }
}
