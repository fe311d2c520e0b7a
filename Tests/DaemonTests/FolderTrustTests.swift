import Glibc
import TestSupport
import Testing

@testable import Daemon

/// Trusted and untrusted folders. Creating other users' folders needs root.
@Suite(.enabled(if: geteuid() == 0, "needs root")) struct FolderTrustTests {
  static let stranger: UInt32 = 54_321

  let folder = TemporaryFolder()
  let trust = FolderTrust(users: [0], groups: [0])

  /// Creates a folder in the test's folder.
  @discardableResult
  func make(_ name: String, owner: UInt32 = 0, group: UInt32 = 0, mode: UInt32 = 0o755) -> String {
    let path = folder.path + name
    #expect(mkdir(path, 0o700) == 0 && chown(path, owner, group) == 0 && chmod(path, mode) == 0)
    return path
  }

  func refusal(of path: String, allowsSticky: Bool = false) -> String? {
    do throws(UntrustedFolder) {
      try trust.check(path, key: "logger.root", allowsSticky: allowsSticky)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func trustsWhatIsOurs() {
    #expect(refusal(of: make("a")) == nil)
    #expect(refusal(of: folder.path + "a/") == nil)
    #expect(refusal(of: folder.path) == nil, "a folder in /tmp, which is sticky")
  }

  @Test func trustsWhatIsNotThere() {
    #expect(refusal(of: folder.path + "missing/below") == nil)
  }

  @Test func refusesAFolderOfAnothers() throws {
    let path = make("a", owner: Self.stranger)
    let refusal = try #require(self.refusal(of: path))
    let beginning =
      "\(path) belongs to user 54321, group root, mode 0755: user 54321 can replace its contents. "
    #expect(refusal.hasPrefix(beginning))
    #expect(refusal.contains("another folder (logger.root)") && refusal.contains("(chown root \(path))"))
    #expect(throws: Never.self) {
      try FolderTrust(users: [0, Self.stranger], groups: []).check(path, key: "logger.root")
    }
  }

  @Test func refusesAFolderThatEverybodyCanWriteTo() throws {
    let path = make("a", mode: 0o777)
    let refusal = try #require(self.refusal(of: path))
    #expect(refusal.contains("mode 0777: all users can replace its contents"))
    #expect(refusal.contains("chmod o-w \(path)"))
  }

  @Test func refusesAGroupThatNobodyNamed() throws {
    let path = make("a", group: Self.stranger, mode: 0o775)
    let refusal = try #require(self.refusal(of: path))
    #expect(refusal.contains("group 54321 can replace its contents"))
    #expect(refusal.contains("chmod g-w \(path)") && refusal.contains("permissions.group"))
    #expect(throws: Never.self) {
      try FolderTrust(users: [0], groups: [Self.stranger]).check(path, key: "logger.root")
    }
  }

  @Test func takesASharedFolderForASocketOnly() throws {
    let path = make("a", mode: 0o1777)
    #expect(refusal(of: path) != nil)
    #expect(try trust.check(path, key: "x", allowsSticky: true))
    folder.write([], to: "a/socket")
    #expect(throws: Never.self) { try trust.checkSocket(path + "/socket", key: "x") }
    #expect(chown(path + "/socket", Self.stranger, 0) == 0)
    #expect(throws: UntrustedFolder.self) { try trust.checkSocket(path + "/socket", key: "x") }
  }

  @Test func refusesAFolderBelowAnothers() throws {
    let above = make("a", owner: Self.stranger)
    make("a/b")
    #expect(refusal(of: above + "/b")?.hasPrefix("\(above) belongs to user 54321") == true)
    #expect(refusal(of: above + "/b")?.contains("can replace \(above)/b. ") == true)
    let open = make("c", mode: 0o777)
    make("c/d")
    #expect(refusal(of: open + "/d")?.hasPrefix("\(open) belongs to root") == true)
    let sticky = make("e", mode: 0o1777)
    make("e/ours")
    make("e/theirs", owner: Self.stranger)
    #expect(refusal(of: sticky + "/ours") == nil)
    #expect(refusal(of: sticky + "/theirs") != nil)
  }

  @Test func looksWhereLinksLead() throws {
    let good = make("good")
    let bad = make("bad", owner: Self.stranger)
    let sticky = make("sticky", mode: 0o1777)
    #expect(symlink(good, folder.path + "link") == 0 && symlink("../bad", folder.path + "good/link") == 0)
    #expect(symlink(good, sticky + "/link") == 0)
    #expect(refusal(of: folder.path + "link") == nil)
    #expect(refusal(of: folder.path + "good/link")?.hasPrefix("\(bad) belongs") == true)
    #expect(refusal(of: sticky + "/link") == nil)
    // The owner of a link can point it elsewhere.
    #expect(lchown(sticky + "/link", Self.stranger, 0) == 0)
    #expect(refusal(of: sticky + "/link")?.hasPrefix("\(sticky)/link belongs to user 54321") == true)
    #expect(symlink(folder.path + "loop", folder.path + "loop") == 0)
    #expect(refusal(of: folder.path + "loop/x") == nil, "it leads nowhere")
  }
}
