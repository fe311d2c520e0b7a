import Bytes
import Foundation

/// A process of the bench, talked to in lines.
final class Child {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var pending: [UInt8] = []

  /// Starts one of our programs, which lie next to the bench.
  init(_ program: String, _ arguments: [String], in folder: String) throws {
    let bench = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    process.executableURL = URL(fileURLWithPath: bench).deletingLastPathComponent().appendingPathComponent(
      program
    )
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = input
    process.standardOutput = output
    if program != "bench" { process.standardError = FileHandle.nullDevice }
    try process.run()
  }

  /// Starts a process of the bench itself.
  convenience init(_ arguments: [String], in folder: String) throws {
    try self.init("bench", arguments, in: folder)
  }

  deinit { end() }

  /// Lets it end, and waits until it has.
  func end() {
    closeInput()
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
  }

  /// Tells it that nothing more is said.
  func closeInput() { try? input.fileHandleForWriting.close() }

  func say(_ line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }

  /// The next line that it says.
  func line() throws -> String {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        defer { pending.removeFirst(end + 1) }
        return String(decoding: pending[..<end], as: UTF8.self)
      }
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else {
        throw IOError("hear from \(process.executableURL!.lastPathComponent)", code: EPIPE)
      }
      pending += more
    }
  }

  /// The numbers of the next line.
  func numbers() throws -> [Double] { try line().split(separator: " ").map { Double($0) ?? .nan } }

  /// Processor time used so far, in seconds, as the scheduler counts it.
  var processorTime: Double {
    let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/schedstat", encoding: .utf8)
    return (text?.split(separator: " ").first.flatMap { Double($0) } ?? .nan) * 1e-9
  }

  /// The most memory it had so far, in bytes.
  var peakMemory: Double { status("VmHWM") }

  /// The memory it has now, in bytes.
  var memory: Double { status("VmRSS") }

  private func status(_ name: String) -> Double {
    let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    let line = text?.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? .nan)
      * 1024
  }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }
}

/// Writes a line at once, so that who waits for it gets it.
func emit(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
