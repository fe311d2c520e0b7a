import ArgumentParser
import Bytes
import Daemon
import Foundation

@main
enum ChaosMain {
  static func main() { Chaos.runAsProgram() }
}

/// `chaos`: slow proofs that nothing is lost, whatever happens to the programs.
struct Chaos: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chaos",
    abstract: "Prove, by doing it, that nothing is lost where processes are killed, stopped, or lied to.",
    discussion: """
      Each scenario starts the real programs on a folder of its own, has sources publish records whose content is \
      known from their numbers, does harm, and then accounts for every record in the archive. A line sums up each; \
      what broke a promise is told below it. Exit status 1 when there is any. The same seed does the same harm, as \
      far as the machine's timing lets it.
      """,
    subcommands: [
      KillScenario.self, StopScenario.self, DiskScenario.self, SlowScenario.self, HangScenario.self,
      DeletedScenario.self, RotateScenario.self, MalformedScenario.self, TakeoverScenario.self,
      FloodScenario.self, RestartScenario.self, HoldScenario.self, AllScenarios.self,
      LoadSource.self, LoadReader.self, Attacker.self, LoadPeers.self,
    ]
  )
}

/// Writes a line at once; ends the process with an error if that cannot be done.
func emit(_ line: String) {
  do throws(IOError) { try DescriptorOutput.standard(Array((line + "\n").utf8)) } catch {
    FileHandle.standardError.write(Data("chaos: \(error).\n".utf8))
    exit(1)
  }
}
