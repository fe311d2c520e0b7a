import Bytes
import Daemon
import Foundation
import TestSupport
import Testing

@Suite struct FolderTests {
  @Test func makesAllFoldersOfAPath() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "a/b/c/"
    try Folder.create(path)
    try Folder.create(path)
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test func refusesAFileInTheWay() throws {
    let folder = TemporaryFolder()
    try folder.write("a", "")
    let error = try #require(throws: IOError.self) { try Folder.create(folder.path + "a") }
    #expect(error.code == ENOTDIR)
    #expect(throws: IOError.self) { try Folder.create(folder.path + "a/b") }
  }
}
