import ArgumentParser

/// The options of every scenario.
struct ScenarioOptions: ParsableArguments {
  @Option(help: "Seed of everything random; it is printed with the result. (default: random)")
  var seed: UInt64?

  @Option(help: "Records per second of each source.")
  var rate = 10_000

  @Option(
    help: "Milliseconds that records may reach a reader later while others misbehave."
  )
  var patience = 50

  @Flag(help: "Print JSON, one object per scenario.")
  var json = false

  @Flag(help: "Keep the folder with the archive and the programs' output, and print its path.")
  var keep = false

  func validate() throws {
    guard (1...1_000_000).contains(rate) else { throw ValidationError("--rate must be 1 to 1000000.") }
    guard patience >= 0 else { throw ValidationError("--patience must be 0 or more.") }
  }
}

/// A scenario of `chaos`.
protocol Scenario: ParsableCommand {
  /// Its name in the result.
  static var name: String { get }

  var options: ScenarioOptions { get }

  /// Does the harm in a new folder, and accounts for everything afterwards.
  func perform(at site: Site, _ random: inout SeededGenerator) throws -> Outcome
}

extension Scenario {
  func run() throws {
    guard try prove() else { throw ExitCode(1) }
  }

  /// Runs the scenario and prints the result; returns whether every promise was kept.
  func prove() throws -> Bool {
    Interruption.arrange()
    let seed = options.seed ?? .random(in: 1...999_999)
    var random = SeededGenerator(state: seed)
    let site = try Site(keeps: options.keep)
    if options.keep { progress("\(Self.name): the files are in \(site.root)") }
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
    abstract: "Run every scenario with its defaults, one after another: about fifteen minutes."
  )

  @Option(help: "Number of rounds, each with new seeds unless --seed is given.")
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
