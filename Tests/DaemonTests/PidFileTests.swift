import Bytes
import Foundation
import TestSupport
import Testing

@testable import Daemon

@Suite struct PidFileTests {
  let folder: TemporaryFolder
  let path: String

  init() throws {
    folder = TemporaryFolder()
    path = folder.path + "sample.pid"
  }

  @Test func holdsTheProcessId() throws {
    let file = try PidFile(path: path)
    #expect(try folder.read("sample.pid") == "\(getpid())\n")
    file.remove()
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func aSecondInstanceIsToldWhoRuns() throws {
    let file = try PidFile(path: path)
    let failure = try #require(throws: PidFile.Failure.self) { try PidFile(path: path) }
    #expect(failure == .running(pid: getpid(), path: path))
    #expect(failure.description == "already running as process \(getpid()), which holds \(path)")
    file.remove()
    try PidFile(path: path).remove()
  }

  @Test func theLockOutlivesTheValue() throws {
    _ = try PidFile(path: path)
    #expect(throws: PidFile.Failure.self) { try PidFile(path: path) }
  }

  @Test func takesOverAStaleFile() throws {
    try folder.write("sample.pid", "999999999999\nrubbish")
    let file = try PidFile(path: path)
    #expect(try folder.read("sample.pid") == "\(getpid())\n")
    file.remove()
  }

  @Test func leavesAnothersFileAlone() throws {
    let mine = try PidFile(path: path)
    try FileManager.default.removeItem(atPath: path)
    let other = try PidFile(path: path)
    mine.remove()
    #expect(FileManager.default.fileExists(atPath: path))
    other.remove()
  }

  @Test func namesAFolderThatIsMissing() throws {
    let missing = folder.path + "no/sample.pid"
    let failure = try #require(throws: PidFile.Failure.self) { try PidFile(path: missing) }
    #expect(failure == .system(IOError("open the pid file \(missing)", code: ENOENT)))
  }
}
