import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol
import Crawler
import EventLoop
import LogOptions
import Steering

/// `netmine getaddr`: collects addresses from peers in rounds.
struct GetaddrCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "getaddr",
    abstract: "Ask peers for addresses, on a schedule, and connect to new addresses.",
    discussion: """
      For example:
        netmine getaddr                                  at the configured times, until interrupted
        netmine getaddr --once --no-connect --list new   one round now; write new addresses to a file

      A round asks every connection that we opened. A node answers only once per connection, so a connection that \
      was asked is closed and dialled again before the next round asks it (--reconnect: before the first round too, as \
      another client may have asked it). A round is over when every peer has answered, or after --timeout. Peers that \
      connect during a round are asked too. Rounds begin at getaddr.schedule.hours and getaddr.schedule.minutes, in \
      local time.

      Once 1000 addresses are known, only a sample of each answer is used: getaddr.sampling_rate. New addresses and \
      lost connections are dialled with the limits and the back-off of the section crawl in netmine.cfg.

      Exit status: 0 if a peer answered in every round, otherwise 1.
      """
  )

  @Flag(help: "Hold one round now, then exit.")
  var once = false

  @Flag(help: "Reconnect every connection before the first round too.")
  var reconnect = false

  @OptionGroup(title: "Connections to ask (default: all that we opened)") var targets: TargetOptions

  @Option(help: ArgumentHelp("Ask each connection up to N times per round.", valueName: "n"))
  var limit = 1

  @Option(
    help: ArgumentHelp(
      "Wait N seconds after an answer before asking again (see --limit).",
      valueName: "seconds"
    )
  )
  var pause = 10.0

  @Option(
    help: ArgumentHelp(
      "Use an address with this probability, 0 to 1. (default: getaddr.sampling_rate)",
      valueName: "probability"
    )
  )
  var samplingRate: Double?

  @Option(help: ArgumentHelp("End a round after N seconds.", valueName: "seconds"))
  var timeout = 600.0

  @Option(
    help: ArgumentHelp("Append new addresses to this file, one per line; - for stdout.", valueName: "path"),
    completion: .file()
  )
  var list: String?

  @Flag(inversion: .prefixedNo, help: "Connect to new addresses.")
  var connect = true

  @Option(help: ArgumentHelp("Connect to no more addresses while there are N connections.", valueName: "n"))
  var maxConnections: Int?

  @Option(help: ArgumentHelp("Begin at most N connects per second.", valueName: "n"))
  var rate = 50.0

  @Option(help: ArgumentHelp("Exit after N seconds.", valueName: "seconds"))
  var duration: Double?

  @OptionGroup(title: "How to connect") var connecting: ConnectOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit must be 1 or more.") }
    guard (0...1).contains(samplingRate ?? 0) else {
      throw ValidationError("--sampling-rate must be between 0 and 1.")
    }
    guard timeout > 0, pause >= 0, duration ?? 1 > 0 else {
      throw ValidationError("--timeout and --duration must be more than 0, --pause 0 or more.")
    }
    guard rate > 0 else { throw ValidationError("--rate must be more than 0.") }
    guard !targets.inbound else {
      throw ValidationError("--inbound: peers that connected to us do not answer getaddr.")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let configured = environment.configuration.getaddr
    let schedule = GetaddrSchedule(configured.schedule)
    guard once || schedule.next(after: Int(Clock.now() / 1_000_000_000)) != nil else {
      throw ClientFailure(
        .configuration,
        "getaddr.schedule has no time. Set its hours and minutes, or use --once."
      )
    }
    return try environment.withStream(CrawlDriver.subscription) { session, stream throws(ClientFailure) in
      var rounds = CrawlRounds()
      rounds.askLimit = limit
      rounds.askPause = pause
      rounds.samplingRate = samplingRate ?? configured.samplingRate
      var settings = CrawlSettings(environment.configuration)
      settings.rounds = rounds
      settings.holds = true
      settings.rate = rate
      settings.answerTimeout = timeout
      settings.dialsCandidates = connect
      settings.dialsLoopbackOnly = session.hello.reach != .anywhere && connecting.proxy == nil
      settings.optedOut = try CrawlSettings.optedOut(environment.configuration)
      if let maxConnections { settings.connections = maxConnections }
      return try GetaddrRun(self, settings, session, stream, environment).run(schedule)
    }
  }
}
