import ArgumentParser
import Configuration
import Daemon
import EventLoop
import Glibc

/// The `logserver` command: the server as a daemon.
public struct LogServerProgram: ParsableCommand {
  /// The command's name, help and version.
  public static let configuration = CommandConfiguration(
    commandName: "logserver",
    abstract: "Receive records from sources and forward them to readers.",
    discussion: """
      Sources publish at <logger.root>/publish. Readers subscribe at <logger.root>/subscribe. Coinscope's \
      programs find their own sockets: <logger.root>/servers and <logger.root>/clients/*.

      SIGHUP reads the configuration again. SIGTERM and SIGINT shut down cleanly.
      """,
    version: Netmine.version
  )

  @OptionGroup var options: DaemonOptions

  /// Creates the command for the argument parser.
  public init() {}

  /// Runs until a signal ends it.
  public func run() throws {
    let status = DaemonLauncher.run("logserver", options) { daemon in
      let loop = EventLoop(pool: ChunkPool(chunkCapacity: 256 << 10, spareLimit: 32))
      // Watch for signals before the sockets exist: a program that sees the sockets may already send one.
      var running: LogServer?
      let signals = [SIGTERM, SIGINT].map {
        SignalWatcher($0, on: loop) {
          daemon.manager?.stopping()
          running?.shutDown()
        }
      }
      let server = try LogServer(
        daemon.configuration,
        socketGroup: daemon.socketGroup,
        on: loop,
        logger: daemon.log
      )
      running = server
      let reload = SignalWatcher(SIGHUP, on: loop) {
        daemon.manager?.reloading()
        defer { daemon.manager?.ready() }
        do {
          try daemon.reopenLogFile()
          server.reload(try daemon.configuration.reread())
          daemon.log.info("configuration read again")
        } catch {
          daemon.log.error("configuration kept as it was: \(error)")
        }
      }
      let watchdog = TimerWatcher(on: loop) { daemon.manager?.alive() }
      if let interval = daemon.manager?.watchdogInterval { watchdog.start(after: interval, every: interval) }
      daemon.ready()
      loop.run()
      withExtendedLifetime((signals, reload, watchdog)) {}
      daemon.log.info("stopped", metadata: ["records": "\(server.status.records)"])
    }
    if status != 0 { throw ExitCode(status) }
  }
}
