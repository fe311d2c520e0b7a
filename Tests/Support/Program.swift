import Bytes
import EventLoop
import Foundation
import Glibc

/// One of our programs, or any other, run as a process.
public final class Program {
  /// The program's name, for failures.
  public let name: String

  private let process: ChildProcess
  private let outputPath: String
  private let errorPath: String

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - name: the name of one of our programs, next to the tests; or a path.
  ///   - folder: its working folder, which also holds its output.
  ///   - output: a file for its standard output, such as `/dev/full`; then the property `output` is empty.
  public init(
    _ name: String,
    _ arguments: [String],
    folder: String,
    environment: [String: String] = [:],
    output: String? = nil
  ) throws {
    self.name = name
    let stem = "\(folder)\(name.split(separator: "/").last!)-\(UInt32.random(in: 0 ... .max))"
    outputPath = stem + ".out"
    errorPath = stem + ".err"
    process = try ChildProcess(
      name,
      arguments,
      folder: folder,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
      output: output ?? outputPath,
      errors: errorPath
    )
  }

  /// The process id.
  public var id: Int32 { process.id }

  /// Whether the process runs.
  public var isRunning: Bool { process.isRunning }

  /// Its standard output so far.
  public var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }

  /// Its standard error so far.
  public var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

  /// The lines of its standard output.
  public var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// Sends a signal. Does nothing once the process has ended.
  public func signal(_ number: Int32) { process.signal(number) }

  /// Waits for its end; returns its exit status, or 128 plus the number of the signal that ended it.
  @discardableResult
  public func wait(timeout: Double = 30) throws -> Int32 {
    try wait(for: "\(name) to end", timeout: timeout) { !isRunning }
    return process.wait()
  }

  /// Waits until its standard error contains a text.
  public func wait(forError text: String, timeout: Double = 30) throws {
    try wait(for: "“\(text)” of \(name)", timeout: timeout) { errors.contains(text) }
  }

  /// Waits for a condition. After the time-out, fails with the end of the program's output.
  public func wait(for what: String, timeout: Double = 30, until condition: () throws -> Bool) throws {
    let deadline = Clock.monotonic() + UInt64(timeout * 1e9)
    while try !condition() {
      guard Clock.monotonic() < deadline else {
        throw Failure(
          description: "waited \(timeout) s for \(what); output: \(errors.suffix(2000))\(output.suffix(500))"
        )
      }
      usleep(5000)
    }
  }

  /// A failed wait.
  public struct Failure: Error, CustomStringConvertible {
    /// The condition, and the end of the program's output.
    public let description: String

    /// Creates a failure with a description.
    public init(description: String) { self.description = description }
  }
}
