import ArgumentParser
import Configuration
import Daemon
import Glibc

@main
enum SampleMain {
  static func main() { SampleDaemon.runAsProgram() }
}

/// The smallest daemon, for tests of what all daemons share: it waits for SIGTERM.
struct SampleDaemon: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "sample", version: Netmine.version)

  @OptionGroup var options: DaemonOptions

  /// Fails before it is ready, with this reason.
  @Option var fail: String?

  /// Ends without a word before it is ready.
  @Flag var vanish = false

  func run() throws {
    let status = DaemonLauncher.run(
      "sample",
      options,
      folders: { [DaemonFolder($0.verbatim.logPath, key: "verbatim.logpath")] }
    ) { daemon in
      if let fail { throw ValidationError(fail) }
      if vanish { _exit(3) }
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, SIGTERM)
      sigprocmask(SIG_BLOCK, &signals, nil)
      daemon.log.info("ready", metadata: ["relay": "\(daemon.configuration.connector.relay)"])
      daemon.ready()
      var signal: Int32 = 0
      sigwait(&signals, &signal)
      daemon.log.info("done", metadata: ["signal": "\(signal)"])
    }
    if status != 0 { throw ExitCode(status) }
  }
}
