import ArgumentParser
import Daemon

@main
enum BenchMain {
  static func main() { Bench.runAsProgram() }
}

/// `bench`: measures Netmine's speed.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure Netmine's speed, compared with something else in the same run.",
    subcommands: [
      WireBench.self, FilesBench.self, VerbatimBench.self, LogBench.self, LogSourceProcess.self,
      LogReaderProcess.self,
      BareRelay.self, CrawlBench.self, ControlBench.self, ConnectorBench.self, FairnessBench.self,
      FlooderProcess.self, MessageReader.self,
      BareReader.self, Burner.self, PeersProcess.self, BareSender.self, KeeperProcess.self,
    ]
  )
}
