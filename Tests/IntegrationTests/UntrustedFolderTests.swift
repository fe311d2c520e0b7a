import Foundation
import Glibc
import TestSupport
import Testing

/// Programs that root runs in a folder of another user.
@Suite(.enabled(if: geteuid() == 0 && getpwnam("nobody") != nil, "needs root")) struct UntrustedFolderTests {
  /// The ids of user nobody and its group.
  static let nobody = getpwnam("nobody").map { (user: $0.pointee.pw_uid, group: $0.pointee.pw_gid) }!

  let deployment = Deployment()

  /// A folder that belongs to user nobody.
  func theirs(_ name: String) -> String {
    let path = deployment.root + name
    #expect(mkdir(path, 0o755) == 0 && chown(path, Self.nobody.user, Self.nobody.group) == 0)
    return path + "/"
  }

  /// Runs a program, and expects that it refuses the folder.
  func expectRefusal(of path: String, _ name: String, _ arguments: [String]) throws {
    let program = try Program(name, arguments, folder: deployment.root)
    #expect(try program.wait() == 1, "\(name) \(arguments): \(program.errors)")
    let words = "\(path.dropLast()) belongs to nobody, group"
    #expect(program.errors.contains(words), "\(name) \(arguments): \(program.errors)")
    #expect(program.errors.contains("permissions.username = \"nobody\""), "\(program.errors)")
  }

  @Test func daemonsRefuseARootOfAnothers() throws {
    let path = theirs("root")
    for name in ["logserver", "verbatim", "connector", "simnet"] {
      try expectRefusal(of: path, name, ["--root", path])
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == [], "nothing was made in it")
  }

  @Test func daemonsRefuseFoldersOfAnothersInTheirRoot() throws {
    let (run, archive) = (theirs("run"), theirs("archive"))
    try expectRefusal(of: run, "logserver", ["--root", deployment.root])
    let pid = ["--pidfile", deployment.root + "v.pid"]
    try expectRefusal(of: archive, "verbatim", ["--root", deployment.root] + pid)
    let control = ["--control", theirs("control") + "socket", "--pidfile", deployment.root + "c.pid"]
    try expectRefusal(of: deployment.root + "control/", "connector", ["--root", deployment.root] + control)
  }

  @Test func clientsRefuseSocketsInARootOfAnothers() throws {
    let path = theirs("root")
    deployment.folder.write([], to: "empty.log")
    let root = ["--root", path]
    for line in ["status", "nodes", "watch --count 1", "log replay empty.log", "nodes-db list"] {
      try expectRefusal(of: path, "netmine", line.split(separator: " ").map(String.init) + root)
    }
    try expectRefusal(of: path, "console", ["--no-wait"] + root)
  }

  @Test func theUserThatTheConfigurationNamesIsTrusted() throws {
    let path = theirs("root")
    let named = ["--root", path, "--set", "permissions.username=nobody"]
    let server = try Program("logserver", named, folder: deployment.root)
    try server.wait(forError: "clients/all")
    let status = try Program("netmine", ["status"] + named, folder: deployment.root)
    try status.wait()
    #expect(status.output.hasPrefix("logserver  up"), "\(status.output)\(status.errors)")
    server.signal(SIGTERM)
    #expect(try server.wait() == 0)
  }

  @Test func whatProgramsMakeOnlyTheirUserCanChange() throws {
    let server = try deployment.startLogServer()
    try deployment.startVerbatim().wait(forError: "archiving")
    for name in ["run", "archive", "clients"] {
      var information = stat()
      #expect(stat(deployment.root + name, &information) == 0)
      #expect(information.st_mode & 0o777 == 0o755, "\(name)")
    }
    #expect(server.isRunning)
  }
}
