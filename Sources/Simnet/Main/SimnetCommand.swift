import ArgumentParser
import Configuration
import Daemon
import SimnetCore

@main
enum SimnetMain {
  static func main() { SimnetCommand.runAsProgram() }
}

struct SimnetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simnet",
    abstract: "Simulate a Bitcoin network on loopback, for experiments and tests.",
    discussion: """
      Every node listens at its own address and speaks the Bitcoin protocol. The network creates \
      transactions and blocks all the time, and they spread from node to node. The links between the nodes \
      are simulated; only connections from outside are real.

      SIGTERM and SIGINT end it.
      """,
    version: Netmine.version
  )

  @OptionGroup var options: SimnetOptions

  func run() throws {
    let status = SimnetProgram.run(options)
    if status != 0 { throw ExitCode(status) }
  }
}
