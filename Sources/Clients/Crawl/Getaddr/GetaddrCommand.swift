import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol
import Crawler
import EventLoop
import LogOptions
import Steering

/// `netmine getaddr`: harvests addresses.
struct GetaddrCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "getaddr",
    abstract: "Ask peers for the addresses they know, on a schedule, and connect to what is new.",
    discussion: """
      For example:
        netmine getaddr                                  by the configured schedule, until interrupted
        netmine getaddr --once --no-connect --list new   one round now; new addresses into a file

      A round asks every connection that we opened. A node answers once in a connection: one that has been asked is \
      closed and dialled again before it is asked in a later round (--reconnect: in the first one too, as others may \
      have asked it). The round is over when everybody has answered, or after --timeout; what connects meanwhile is \
      asked too. Rounds begin at getaddr.schedule.hours and getaddr.schedule.minutes, in local time.

      From 1000 known addresses on, of each answer's only a part is looked at: getaddr.sampling_rate. New ones that \
      can be reached are connected to, and so is again what is lost, with the crawl's limits and back-off (the section \
      crawl of netmine.cfg).

      Exit status 0 when every round had an answer from somebody, 1 when not.
      """
  )

  @Flag(help: "One round, now, and end with it.")
  var once = false

  @Flag(help: "Reconnect everybody before the first round too.")
  var reconnect = false

  @OptionGroup(title: "Which connections are asked; without, all that we opened") var targets: TargetOptions

  @Option(help: ArgumentHelp("Ask each connection so often in a round.", valueName: "count"))
  var limit = 1

  @Option(
    help: ArgumentHelp("Seconds from an answer until it is asked again, with --limit.", valueName: "seconds")
  )
  var pause = 10.0

  @Option(
    help: ArgumentHelp(
      "Look at an address with this probability, 0 to 1. (default: getaddr.sampling_rate)",
      valueName: "probability"
    )
  )
  var samplingRate: Double?

  @Option(help: ArgumentHelp("Seconds that a round takes at most.", valueName: "seconds"))
  var timeout = 600.0

  @Option(
    help: ArgumentHelp("Append new addresses to this file, one a line; - for stdout.", valueName: "path"),
    completion: .file()
  )
  var list: String?

  @Flag(inversion: .prefixedNo, help: "Connect to new addresses.")
  var connect = true

  @Option(help: ArgumentHelp("Connect to no more while there are so many connections.", valueName: "count"))
  var maxConnections: Int?

  @Option(help: ArgumentHelp("Begin at most so many connects a second.", valueName: "count"))
  var rate = 50.0

  @Option(help: ArgumentHelp("End after so many seconds.", valueName: "seconds"))
  var duration: Double?

  @OptionGroup(title: "How to connect") var connecting: ConnectOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard limit > 0 else { throw ValidationError("--limit is at least 1.") }
    guard (0...1).contains(samplingRate ?? 0) else { throw ValidationError("--sampling-rate is 0 to 1.") }
    guard timeout > 0, pause >= 0, duration ?? 1 > 0 else {
      throw ValidationError("--timeout, --pause and --duration are times.")
    }
    guard rate > 0 else { throw ValidationError("--rate is more than 0.") }
    guard !targets.inbound else { throw ValidationError("Peers that connected to us do not answer getaddr.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let configured = environment.configuration.getaddr
    let schedule = GetaddrSchedule(configured.schedule)
    guard once || schedule.next(after: Int(Clock.now() / 1_000_000_000)) != nil else {
      throw ClientFailure(
        .configuration,
        "getaddr.schedule names no time; give it hours and minutes, or say --once."
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
