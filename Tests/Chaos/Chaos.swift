import ArgumentParser
import Bytes
import Daemon
import Foundation

@main
enum ChaosMain {
  static func main() { Chaos.runAsProgram() }
}

/// `chaos`: slow tests that no record is lost, whatever happens to the programs.
struct Chaos: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chaos",
    abstract: "Test that no record is lost when processes are killed, stopped or attacked.",
    discussion: """
      Each scenario starts the real programs in a new folder. Sources publish records whose content follows \
      from their numbers. The scenario then does harm, and accounts for every record in the archive at the \
      end. It prints one line, and below it a line for each broken promise. Exit status 1 if a promise was \
      broken. The same seed does the same harm, except for the machine's timing.
      """,
    subcommands: [
      KillScenario.self, StopScenario.self, DiskScenario.self, SlowScenario.self, HangScenario.self,
      DeletedScenario.self, RotateScenario.self, MalformedScenario.self, TakeoverScenario.self,
      FloodScenario.self, RestartScenario.self, HoldScenario.self, AllScenarios.self,
      LoadSource.self, LoadReader.self, Attacker.self, LoadPeers.self,
    ]
  )
}

/// Writes a line without buffering. Ends the process with an error if that fails.
func emit(_ line: String) {
  do throws(IOError) { try DescriptorOutput.standard(Array((line + "\n").utf8)) } catch {
    FileHandle.standardError.write(Data("chaos: \(error).\n".utf8))
    exit(1)
  }
}
