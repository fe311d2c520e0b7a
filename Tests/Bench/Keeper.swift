import ArgumentParser
import Foundation

/// Ensures that no process of the bench outlives it, however it ends: a process that kills the others when
/// its pipe from the bench closes.
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

  /// Adds a process to kill.
  func keep(_ id: Int32) { say("\(id)") }

  /// Removes a process that has ended.
  func forget(_ id: Int32) { say("-\(id)") }

  private func say(_ line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }
}

/// `bench keeper`: kills processes when the bench is gone. Each line on stdin is the id of a process to kill,
/// or the id of an ended process after a minus sign.
struct KeeperProcess: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "keeper", shouldDisplay: false)

  func run() {
    // A signal that ends the bench may go to all processes of its group.
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_IGN) }
    var ids: Set<Int32> = []
    while let line = readLine() {
      guard let id = Int32(line) else { continue }
      if id > 0 { ids.insert(id) } else { ids.remove(-id) }
    }
    for id in ids { kill(id, SIGKILL) }
  }
}
