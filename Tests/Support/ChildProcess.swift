import Bytes
import CSpawn
import Foundation
import Glibc

/// A process that a test starts, ended with its last reference.
///
/// Not Foundation's `Process`, which reads beyond what `/proc/self/fd` lists once this process has some 1300 open
/// descriptors, and now and then crashes of it.
public final class ChildProcess {
  /// Its process id.
  public let id: Int32

  private var ended: Int32?

  /// Starts a program; it gets none of our descriptors but the standard three, and all signals as usual.
  ///
  /// - Parameters:
  ///   - program: a program of ours, next to the tests; or a path.
  ///   - folder: its working folder; ours where there is none.
  ///   - environment: ours where there is none.
  ///   - input: a file that it reads from.
  ///   - output: a file that its standard output is added to; nil for ours.
  ///   - errors: a file that its standard error is added to; nil for ours.
  /// - Throws: `IOError` where it cannot be started.
  public init(
    _ program: String,
    _ arguments: [String],
    folder: String? = nil,
    environment: [String: String]? = nil,
    input: String = "/dev/null",
    output: String? = nil,
    errors: String? = nil
  ) throws {
    let path = program.contains("/") ? program : try Self.folder() + program
    let environment = environment ?? ProcessInfo.processInfo.environment
    let words = [[path] + arguments, environment.map { "\($0)=\($1)" }].map { $0.map { strdup($0) } + [nil] }
    let files = [input, output, errors].map { $0.map { strdup($0) } ?? nil }
    defer { for text in words.joined() + files { free(text) } }
    var child: pid_t = 0
    let code = netmine_spawn(&child, path, words[0], words[1], files.map { UnsafePointer($0) }, folder)
    guard code == 0 else { throw IOError("start \(path)", code: code) }
    id = child
  }

  deinit {
    guard isRunning else { return }
    kill(id, SIGKILL)
    wait()
  }

  /// The folder that our programs are built into, where the tests' own executable is; a slash at the end.
  public static func folder() throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/"
  }

  /// Its exit status, or 128 and the number of the signal that ended it; nil while it runs.
  public var status: Int32? {
    if ended == nil { reap(WNOHANG) }
    return ended
  }

  /// Whether it has not ended.
  public var isRunning: Bool { status == nil }

  /// Sends it a signal.
  public func signal(_ number: Int32) { if isRunning { kill(id, number) } }

  /// Waits for its end, however long that takes, and returns its `status`.
  @discardableResult
  public func wait() -> Int32 {
    while ended == nil { reap(0) }
    return ended!
  }

  private func reap(_ options: Int32) {
    var word: Int32 = 0
    guard waitpid(id, &word, options) == id else { return }
    ended = word & 0x7f == 0 ? word >> 8 & 0xff : 128 + word & 0x7f
  }
}
