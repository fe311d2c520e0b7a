import ArgumentParser
import Configuration
import Daemon
import EventLoop
import Glibc

/// The `connector` command: the connector as a daemon.
public struct ConnectorProgram: ParsableCommand {
  /// The command's name, abstract and discussion for `--help`.
  public static let configuration = CommandConfiguration(
    commandName: "connector",
    abstract: "Hold connections to peers and publish everything they carry.",
    discussion: """
      Clients connect to <connector.control_path>. Records go to the log server at <logger.root>/publish. \
      While there is no log server, up to connector.log_buffer of records are kept.

      SIGHUP reads the configuration and the blacklist again. SIGTERM and SIGINT shut down in order.
      """,
    version: Netmine.version
  )

  @OptionGroup var options: DaemonOptions

  @Option(
    help: ArgumentHelp(
      "The network: mainnet, signet, simnet, litecoin, …, or a name from networks (connector.network).",
      valueName: "name"
    )
  )
  var network: String?

  @Option(
    name: .customLong("control"),
    help: ArgumentHelp("Path of the control socket (connector.control_path).", valueName: "path")
  )
  var controlPath: String?

  /// Creates the command for its parser.
  public init() {}

  /// Runs until a signal or a client's request ends it.
  public func run() throws {
    let overrides = [
      ("--network", "connector.network", network), ("--control", "connector.control_path", controlPath),
    ]
    let own = overrides.compactMap { option, key, text in
      text.map { Configuration.Override(option: option, key: key, text: $0) }
    }
    let status = DaemonLauncher.run(
      "connector",
      options,
      own: own,
      folders: {
        [
          DaemonFolder(
            Self.folder(of: $0.connector.controlPath),
            key: "connector.control_path",
            isForSocket: true
          )
        ]
      }
    ) { daemon in
      let limit = try DescriptorLimit.raise()
      let loop = EventLoop(pool: ChunkPool(returnsMemory: true))
      // Watched before the sockets exist: a program that sees the sockets may already send a signal.
      var running: Connector?
      let signals = [SIGTERM, SIGINT].map {
        SignalWatcher($0, on: loop) {
          daemon.manager?.stopping()
          running?.shutDown()
        }
      }
      let connector = try Connector(
        daemon.configuration,
        socketGroup: daemon.socketGroup,
        on: loop,
        logger: daemon.log
      )
      running = connector
      daemon.log.info(
        "open files allowed",
        metadata: ["limit": "\(limit)", "connections": "\(connector.connectionLimit)"]
      )
      connector.reread = { [unowned connector] in try connector.configuration.reread() }
      let reload = SignalWatcher(SIGHUP, on: loop) {
        daemon.manager?.reloading()
        defer { daemon.manager?.ready() }
        do {
          try daemon.reopenLogFile()
          try connector.reload()
        } catch {
          daemon.log.error("configuration kept as it was: \(error)")
        }
      }
      let watchdog = TimerWatcher(on: loop) { daemon.manager?.alive() }
      if let interval = daemon.manager?.watchdogInterval { watchdog.start(after: interval, every: interval) }
      let status = TimerWatcher(on: loop) { daemon.manager?.status(Self.status(of: connector)) }
      if daemon.manager != nil { status.start(after: 1, every: 10) }
      daemon.ready()
      loop.run()
      withExtendedLifetime((signals, reload, watchdog, status)) {}
      daemon.log.info("stopped", metadata: ["records": "\(connector.publisher.lastSequence)"])
    }
    if status != 0 { throw ExitCode(status) }
  }

  /// The connector's state in one line, for the service manager.
  private static func status(of connector: Connector) -> String {
    let now = connector.statistics
    let log = now.isPublishing ? "\(now.recordsWaiting) records waiting" : "no log server"
    return "\(now.networkName): \(now.openOutbound) outbound peers, \(now.openInbound) inbound; \(log)"
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./"
  }
}
