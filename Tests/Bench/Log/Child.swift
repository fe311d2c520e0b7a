import Bytes
import EventLoop
import Foundation

/// A process of the bench, talked to in lines.
final class Child {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var pending: [UInt8] = []
  private var read = 0

  /// Starts one of our programs, which lie next to the bench, or another one by its path.
  ///
  /// - Parameter showsErrors: whether its complaints are to be seen.
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

  /// Where the bench and our programs are, with a slash at the end.
  static func folder() throws -> String {
    let bench = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: bench).deletingLastPathComponent().path + "/"
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
    Keeper.shared.forget(process.processIdentifier)
  }

  /// Whether it has not ended.
  var isRunning: Bool { process.isRunning }

  /// Tells it that nothing more is said.
  func closeInput() { try? input.fileHandleForWriting.close() }

  func say(_ line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }

  /// The next line that it says.
  func line() throws -> String {
    guard let line = line(until: .max) else {
      throw IOError("hear from \(process.executableURL!.lastPathComponent)", code: EPIPE)
    }
    return line
  }

  /// The next line that it says; nil where it says nothing more, or nothing until a time.
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

  /// The numbers of the next line.
  func numbers() throws -> [Double] { try line().split(separator: " ").map { Double($0) ?? .nan } }

  /// Processor time that all of its threads used so far, in seconds, as the scheduler counts it.
  var processorTime: Double {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(process.processIdentifier, &clock) == 0, clock_gettime(clock, &time) == 0 else {
      return .nan
    }
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
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

/// Writes a line at once, so that who waits for it gets it; ends the process with an error if that cannot be done.
func emit(_ line: String) {
  do throws(IOError) { try DescriptorOutput.standard(Array((line + "\n").utf8)) } catch {
    FileHandle.standardError.write(Data("bench: \(error).\n".utf8))
    exit(1)
  }
}
