import Foundation
import Glibc
import Store

/// A PostgreSQL server for one test. Its data and its only socket are in the test's folder, and it ends with
/// its last reference.
public final class PostgreSQLServer {
  /// Debian's folder of the newest server's programs, with a slash at the end; nil if none is installed.
  public static let programs: String? = {
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    return versions.sorted { $0.compare($1, options: .numeric) == .orderedDescending }
      .map { "/usr/lib/postgresql/\($0)/bin/" }.first { access($0 + "initdb", X_OK) == 0 }
  }()

  private let program: Program
  private let folder: String

  /// Creates a database cluster and starts its server.
  public init(_ parent: TemporaryFolder) throws {
    folder = parent.path + "pg/"
    precondition(mkdir(folder, 0o700) == 0)
    let cluster = folder + "data"
    let making = ["initdb", "-D", cluster, "-A", "trust", "-U", "tester", "-E", "UTF8", "--no-locale", "-N"]
    let maker = try Self.start(making, folder, parent)
    guard try maker.wait(timeout: 120) == 0 else {
      throw Program.Failure(description: "initdb: \(maker.errors)\(maker.output)")
    }
    let settings = ["listen_addresses=", "fsync=off", "max_connections=20", "shared_buffers=16MB"]
    program = try Self.start(
      ["postgres", "-D", cluster, "-k", folder] + settings.flatMap { ["-c", $0] },
      folder,
      parent
    )
    try program.wait(for: "PostgreSQL to answer", timeout: 60) { (try? connect()) != nil }
  }

  deinit {
    program.signal(SIGQUIT)
    _ = try? program.wait()
  }

  /// The database's URL.
  public var address: String { "postgresql://tester@/postgres?host=\(folder.dropLast())" }

  /// Connects to the database.
  public func connect() throws -> PostgreSQLConnection { try PostgreSQLConnection(address) }

  /// Sends a signal to the server's main process.
  public func signal(_ number: Int32) { program.signal(number) }

  /// Starts one of the server's programs, as another user if we are root: they refuse to run as root.
  private static func start(_ command: [String], _ folder: String, _ parent: TemporaryFolder) throws
    -> Program
  {
    var command = command
    command[0] = programs! + command[0]
    if getuid() == 0 {
      let user = getpwnam("postgres") ?? getpwnam("nobody")
      let (id, group) = (user!.pointee.pw_uid, user!.pointee.pw_gid)
      precondition(chown(folder, id, group) == 0)
      command = ["/usr/bin/setpriv", "--reuid=\(id)", "--regid=\(group)", "--clear-groups"] + command
    }
    return try Program(command[0], Array(command.dropFirst()), folder: parent.path)
  }
}
