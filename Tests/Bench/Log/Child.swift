import Bytes
import EventLoop
import Foundation

/// A child process of the bench, with lines on its stdin and stdout.
final class Child {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var pending: [UInt8] = []
  private var read = 0

  /// Starts one of our programs, which are in the bench's folder, or another program by its path.
  ///
  /// - Parameter showsErrors: whether its stderr is shown.
  init(_ program: String, _ arguments: [String], in folder: String, showsErrors: Bool = false) throws {
    process.executableURL = URL(
      fileURLWithPath: program.contains("/") ? program : try Self.folder() + program
    )
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = input
    process.standardOutput = output
    if program != "bench", !showsErrors { process.standardError = FileHandle.nullDevice }
    try process.run()
    Keeper.shared.keep(process.processIdentifier)
  }

  /// The folder of the bench and our programs, with a slash at the end.
  static func folder() throws -> String {
    let bench = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: bench).deletingLastPathComponent().path + "/"
  }

  /// Starts a subcommand of the bench.
  convenience init(_ arguments: [String], in folder: String) throws {
    try self.init("bench", arguments, in: folder)
  }

  deinit { end() }

  /// Terminates the process and waits for its end.
  func end() {
    closeInput()
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
    Keeper.shared.forget(process.processIdentifier)
  }

  /// Whether the process is still running.
  var isRunning: Bool { process.isRunning }

  /// Closes its stdin.
  func closeInput() { try? input.fileHandleForWriting.close() }

  func say(_ line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }

  /// The next line of its output. Throws if there is none.
  func line() throws -> String {
    guard let line = line(until: .max) else {
      throw IOError("hear from \(process.executableURL!.lastPathComponent)", code: EPIPE)
    }
    return line
  }

  /// The next line of its output; nil if the output ends or no line comes in time.
  ///
  /// - Parameter deadline: a monotonic time in ns.
  func line(until deadline: UInt64) -> String? {
    while true {
      if let end = pending[read...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { read = end + 1 }
        return String(decoding: pending[read..<end], as: UTF8.self)
      }
      pending.removeFirst(read)
      read = 0
      let now = Clock.monotonic()
      var ready = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
      guard now < deadline, poll(&ready, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1)) > 0 else {
        return nil
      }
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else { return nil }
      pending += more
    }
  }

  /// The numbers of its next line.
  func numbers() throws -> [Double] { try line().split(separator: " ").map { Double($0) ?? .nan } }

  /// The processor time of all its threads so far, in seconds, by the scheduler's count.
  var processorTime: Double {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(process.processIdentifier, &clock) == 0, clock_gettime(clock, &time) == 0 else {
      return .nan
    }
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Its peak memory so far, in bytes.
  var peakMemory: Double { status("VmHWM") }

  /// Its current memory in bytes.
  var memory: Double { status("VmRSS") }

  private func status(_ name: String) -> Double {
    let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    let line = text?.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? .nan)
      * 1024
  }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }
}

/// Writes a line without buffering, as a process may wait for it. Ends the process with an error if that
/// fails.
func emit(_ line: String) {
  do throws(IOError) { try DescriptorOutput.standard(Array((line + "\n").utf8)) } catch {
    FileHandle.standardError.write(Data("bench: \(error).\n".utf8))
    exit(1)
  }
}
