import ArgumentParser
import Foundation

/// Sees to it that no process of the bench outlives it, however it ends: a process that kills the others once nobody
/// can write to it any more.
final class Keeper {
  nonisolated(unsafe) static let shared = Keeper()

  private let process = Process()
  private let input = Pipe()

  private init() {
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = ["keeper"]
    process.standardInput = input
    try? process.run()
  }

  /// Takes a process in.
  func keep(_ id: Int32) { say("\(id)") }

  /// A process has ended.
  func forget(_ id: Int32) { say("-\(id)") }

  private func say(_ line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }
}

/// `bench keeper`: ends processes when the bench is gone. Lines on stdin: a process's id, or one that has ended after
/// a minus sign.
struct KeeperProcess: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "keeper", shouldDisplay: false)

  func run() {
    // What ends the bench may come to all of its processes.
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_IGN) }
    var ids: Set<Int32> = []
    while let line = readLine() {
      guard let id = Int32(line) else { continue }
      if id > 0 { ids.insert(id) } else { ids.remove(-id) }
    }
    for id in ids { kill(id, SIGKILL) }
  }
}
