import Foundation
import Glibc

/// A folder that goes with the value.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/netmine-test-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)) + "/"
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func bytes(_ name: String) -> [UInt8] {
    FileManager.default.contents(atPath: path + name).map(Array.init) ?? []
  }

  func write(_ bytes: [UInt8], to name: String) {
    _ = FileManager.default.createFile(atPath: path + name, contents: Data(bytes))
  }
}
