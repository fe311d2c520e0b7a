import Bytes
import EventLoop
import Foundation
import Glibc

/// One of our programs, or another, run as a process of its own.
public final class Program {
  /// What the process is called in failures.
  public let name: String

  private let process: ChildProcess
  private let outputPath: String
  private let errorPath: String

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - name: a program of ours, next to the tests; or a path.
  ///   - folder: where its output is kept.
  ///   - output: what its standard output is instead, such as `/dev/full`; `output` is empty then.
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

  /// Its process id.
  public var id: Int32 { process.id }

  /// Whether it has not ended.
  public var isRunning: Bool { process.isRunning }

  /// What it has written to its standard output so far.
  public var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }

  /// What it has written to its standard error so far.
  public var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

  /// The lines of its output.
  public var lines: [String] { output.split(separator: "\n").map(String.init) }

  /// Sends it a signal.
  public func signal(_ number: Int32) { process.signal(number) }

  /// Waits for its end, and returns its exit status; 128 and the signal's number where a signal ended it.
  @discardableResult
  public func wait(timeout: Double = 30) throws -> Int32 {
    try wait(for: "\(name) to end", timeout: timeout) { !isRunning }
    return process.wait()
  }

  /// Waits until its standard error holds a text.
  public func wait(forError text: String, timeout: Double = 30) throws {
    try wait(for: "“\(text)” of \(name)", timeout: timeout) { errors.contains(text) }
  }

  /// Waits for a condition that the program brings about; fails with what it said where that takes too long.
  public func wait(for what: String, timeout: Double = 30, until condition: () throws -> Bool) throws {
    let deadline = Clock.monotonic() + UInt64(timeout * 1e9)
    while try !condition() {
      guard Clock.monotonic() < deadline else {
        throw Failure(
          description: "waited \(timeout) s for \(what); it said: \(errors.suffix(2000))\(output.suffix(500))"
        )
      }
      usleep(5000)
    }
  }

  /// Why a wait failed.
  public struct Failure: Error, CustomStringConvertible {
    /// What was waited for, and what the program said.
    public let description: String

    /// Creates a failure with its words.
    public init(description: String) { self.description = description }
  }
}
