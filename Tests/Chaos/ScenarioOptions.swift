import ArgumentParser

/// What every scenario can be told.
struct ScenarioOptions: ParsableArguments {
  @Option(help: "Decides everything that is random; printed with the result. (default: a random one)")
  var seed: UInt64?

  @Option(help: "Records a second that each source publishes.")
  var rate = 10_000

  @Option(
    help: "Milliseconds that a reader may get records later where others misbehave; the machine's own moods."
  )
  var patience = 50

  @Flag(help: "Print JSON, an object a line for each scenario.")
  var json = false

  @Flag(help: "Keep the folder with the archive and what the programs said, and say where it is.")
  var keep = false

  func validate() throws {
    guard (1...1_000_000).contains(rate) else { throw ValidationError("--rate is 1 to 1000000.") }
    guard patience >= 0 else { throw ValidationError("--patience is 0 or more.") }
  }
}

/// A scenario of `chaos`.
protocol Scenario: ParsableCommand {
  /// What it is called in its line.
  static var name: String { get }

  var options: ScenarioOptions { get }

  /// Does the harm in a folder of its own and accounts for everything afterwards.
  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome
}

extension Scenario {
  func run() throws {
    guard try prove() else { throw ExitCode(1) }
  }

  /// Runs the scenario and prints what came out; returns whether every promise was kept.
  func prove() throws -> Bool {
    Interruption.arrange()
    let seed = options.seed ?? .random(in: 1...999_999)
    var random = SeededGenerator(state: seed)
    let site = try Site(keeps: options.keep)
    if options.keep { progress("\(Self.name): everything is in \(site.root)") }
    progress("\(Self.name): seed \(seed)")
    var outcome = try perform(at: site, &random)
    outcome.seed = seed
    outcome.print(name: Self.name, json: options.json)
    return outcome.broken.isEmpty
  }
}

/// `chaos all`: every scenario with its defaults, one after another.
struct AllScenarios: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all",
    abstract: "Every scenario with its defaults, one after another: about fifteen minutes."
  )

  @Option(help: "How often all of them are run; each time with seeds of their own unless --seed is given.")
  var times = 1

  @OptionGroup var options: ScenarioOptions

  func run() throws {
    var arguments = ["--rate", "\(options.rate)", "--patience", "\(options.patience)"]
    if let seed = options.seed { arguments += ["--seed", "\(seed)"] }
    if options.json { arguments.append("--json") }
    if options.keep { arguments.append("--keep") }
    var isKept = true
    let scenarios: [any Scenario] = [
      try KillScenario.parse(arguments), try StopScenario.parse(arguments), try DiskScenario.parse(arguments),
      try SlowScenario.parse(arguments), try HangScenario.parse(arguments),
      try DeletedScenario.parse(arguments),
      try RotateScenario.parse(arguments), try MalformedScenario.parse(arguments),
      try TakeoverScenario.parse(arguments), try FloodScenario.parse(arguments),
      try RestartScenario.parse(arguments), try HoldScenario.parse(arguments),
    ]
    for _ in 0..<times {
      for scenario in scenarios { isKept = try scenario.prove() && isKept }
    }
    if !isKept { throw ExitCode(1) }
  }
}
