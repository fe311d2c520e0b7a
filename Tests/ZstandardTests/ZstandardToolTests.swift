import Foundation
import TestSupport
import Testing
import Zstandard

/// Compares with the `zstd` tool, where it is installed.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/zstd")))
struct ZstandardToolTests {
  let folder = TemporaryFolder()

  @Test(arguments: [1, 3, 19])
  func readsWhatTheToolCompresses(level: Int) throws {
    let bytes = ZstandardTests.sample(2_500_000)
    let path = folder.write(bytes, to: "sample")
    try run("-q", "-\(level)", path)
    #expect(try ZstandardTests.decompressed(folder.bytes("sample.zst")) == bytes)
  }

  @Test func isReadByTheTool() throws {
    let bytes = ZstandardTests.sample(2_500_000)
    let path = folder.write(ZstandardTests.compressed([bytes, bytes]), to: "sample.zst")
    try run("-q", "-d", path)
    #expect(folder.bytes("sample") == bytes + bytes)
  }

  private func run(_ arguments: String...) throws {
    let tool = try Program("/usr/bin/zstd", arguments, folder: folder.path)
    #expect(try tool.wait() == 0, "\(tool.errors)")
  }
}
