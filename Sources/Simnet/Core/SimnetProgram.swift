import BitcoinWire
import Bytes
import Daemon
import EventLoop
import Glibc

/// The program `simnet`.
public enum SimnetProgram {
  /// Runs until SIGTERM, SIGINT or the end of the given duration; returns the exit status.
  public static func run(_ options: SimnetOptions) -> Int32 {
    // Paths are relative to the folder in which the command was given, also after detaching.
    let list = options.list.map { $0 == "-" ? $0 : absolute($0) }
    let truth = options.truth.map(absolute)
    let population = options.population.map(absolute)
    let link = options.link.map(absolute)
    let names = options.names.map(absolute)
    let messages = options.truthMessages.map(absolute)
    return DaemonLauncher.run("simnet", options.daemon) { daemon in
      let limit = try DescriptorLimit.raise()
      let loop = EventLoop()
      var settings = options.settings
      if let population { settings.population = try .snapshot(path: population) }
      settings.linkPath = link
      let simnet = try Simnet(
        settings,
        on: loop,
        log: daemon.log,
        truthPath: truth,
        messagesPath: messages
      )
      defer { simnet.close() }
      if let list { try write(simnet.endpoints.map(\.description), to: list) }
      if let names {
        let directory = simnet.directory
        let lines = simnet.nodes.map { directory.names(of: $0.index).map(\.description) }
        try write(lines.map { $0.joined(separator: " ") }, to: names)
      }
      for address in simnet.proxyAddresses { daemon.log.info("proxy at \(address)") }
      daemon.log.info("\(summary(of: simnet)); up to \(limit) open files")
      let watchers = watchers(simnet, options, daemon, loop)
      daemon.ready()
      loop.run()
      withExtendedLifetime(watchers) { daemon.log.info("done: \(simnet.statistics)") }
      simnet.close()
      if let failure = simnet.truthFailure { throw failure }
    }
  }

  private static func watchers(
    _ simnet: Simnet,
    _ options: SimnetOptions,
    _ daemon: RunningDaemon,
    _ loop: EventLoop
  ) -> [AnyObject] {
    let end = TimerWatcher(on: loop) { loop.stop() }
    if options.duration > 0 { end.start(after: options.duration) }
    let report = TimerWatcher(on: loop) { daemon.log.info("\(simnet.statistics)") }
    if options.statsInterval > 0 { report.start(after: options.statsInterval, every: options.statsInterval) }
    let reopen = SignalWatcher(SIGHUP, on: loop) {
      do throws(IOError) { try daemon.reopenLogFile() } catch { daemon.log.error("\(error)") }
    }
    let stops = [SIGTERM, SIGINT].map { SignalWatcher($0, on: loop) { loop.stop() } }
    return [end, report, reopen] + stops
  }

  private static func summary(of simnet: Simnet) -> String {
    let endpoints = simnet.endpoints
    let range = "\(endpoints[0].address) to \(endpoints[endpoints.count - 1].address)"
    return "\(endpoints.count) nodes at \(range), port \(simnet.settings.port)"
  }

  private static func write(_ lines: [String], to path: String) throws(IOError) {
    let text = Array(lines.map { $0 + "\n" }.joined().utf8)
    if path == "-" {
      // A reader of stdout may leave when it has read enough. The network continues.
      try DescriptorOutput.standard(text)
    } else {
      try DescriptorOutput.replace(path, with: text, mode: 0o664)
    }
  }

  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
    defer { free(folder) }
    return String(cString: folder) + "/" + path
  }
}
