import Bytes
import CSpawn
import Foundation
import Glibc

/// A process that a test starts. It is killed when the last reference goes.
///
/// Not Foundation's `Process`, which reads beyond the end of `/proc/self/fd`'s listing once this process has
/// about 1300 open descriptors, and sometimes crashes from it.
public final class ChildProcess {
  /// The process id.
  public let id: Int32

  private var ended: Int32?

  /// Starts a program. It gets only our three standard descriptors, and default signal handling.
  ///
  /// - Parameters:
  ///   - program: the name of one of our programs, next to the tests; or a path.
  ///   - folder: its working folder; nil for ours.
  ///   - environment: nil for ours.
  ///   - input: a file for its standard input.
  ///   - output: a file to which its standard output is appended; nil for our standard output.
  ///   - errors: a file to which its standard error is appended; nil for our standard error.
  /// - Throws: `IOError` if it cannot be started.
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

  /// The folder of our programs and of the tests' executable, with a slash at the end.
  public static func folder() throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/"
  }

  /// Exit status, or 128 plus the number of the signal that ended it; nil while it runs.
  public var status: Int32? {
    if ended == nil { reap(WNOHANG) }
    return ended
  }

  /// Whether the process runs.
  public var isRunning: Bool { status == nil }

  /// Sends a signal. Does nothing once the process has ended.
  public func signal(_ number: Int32) { if isRunning { kill(id, number) } }

  /// Waits without a time-out for its end; returns its `status`.
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
