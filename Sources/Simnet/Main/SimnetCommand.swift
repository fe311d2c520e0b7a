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
    abstract: "Simulate a Bitcoin network on loopback, for trying things on.",
    discussion: """
      Every node listens at an address of its own and speaks the protocol to whoever connects. Transactions \
      and blocks are invented all the time and spread from node to node; the links between the nodes are \
      simulated, so only connections from outside are real.

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
