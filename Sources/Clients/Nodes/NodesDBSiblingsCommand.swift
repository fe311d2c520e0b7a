import ArgumentParser
import BitcoinWire
import Commands
import EventLoop
import LogText
import NodeDatabase
import Store

/// `netmine nodes-db siblings`: lists endpoints that are probably one node.
struct NodesDBSiblingsCommand: NodesDBSubcommand {
  static let configuration = CommandConfiguration(
    commandName: "siblings",
    abstract: "List the endpoints that are probably one node, and the evidence.",
    discussion: """
      For example: netmine nodes-db siblings --threshold 0.99 --evidence

      A node may have several addresses, networks or ports. Its endpoints resemble each other: in their \
      version messages, in the times when they come, go and are upgraded, in the addresses that they \
      advertise, and in their locations. Evidence is in bits: each bit doubles the odds. docs/crawler.md \
      describes how it is weighed, and how it can be wrong.
      """
  )

  @OptionGroup(title: "Confidence") var belief: NodesDBBelief

  @Flag(help: "Show the evidence for each pair of endpoints that links a group.")
  var evidence = false

  @OptionGroup(title: "How to print") var format: NodesDBFormat
  @OptionGroup var options: NodesDBOptions

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try withStore(environment) { store throws(NodeStoreError) in
      let (candidates, findings) = try store.siblings(now: Clock.now(), belief.settings)
      var names = ["group", "endpoint"]
      names +=
        evidence ? ["other", "evidence", "bits", "for", "against"] : ["network", "user_agent", "state"]
      names.append("confidence")
      var rows = NodesDBRows(names, format, environment.output)
      groups: for (number, group) in findings.groups.enumerated() {
        let printed =
          evidence ? Self.evidence(group, candidates) : Self.members(group, candidates)
        for row in printed where !rows.add([.number(number + 1)] + row) { break groups }
      }
      if !findings.groups.isEmpty || format.csv { rows.finish() }
      environment.output.note(Self.summary(findings, candidates.count))
    }
  }

  private static func members(_ group: SiblingGroup, _ candidates: [SiblingCandidate]) -> [[SQLValue]] {
    group.members.map { place in
      let candidate = candidates[place]
      return [
        .text("\(candidate.endpoint)"), .text("\(candidate.endpoint.address.unmapped.network)"),
        .text(candidate.introduction.userAgent), .text(candidate.isReachable ? "reachable" : "gone"),
        .real(group.confidence),
      ]
    }
  }

  private static func evidence(_ group: SiblingGroup, _ candidates: [SiblingCandidate]) -> [[SQLValue]] {
    group.pairs.flatMap { pair in
      pair.evidence.map { evidence in
        [
          .text("\(candidates[pair.first].endpoint)"), .text("\(candidates[pair.second].endpoint)"),
          .text(evidence.kind.rawValue), .real((evidence.bits * 10).rounded() / 10),
          .number(evidence.agreeing), .number(evidence.contrary), .real(pair.confidence),
        ]
      }
    }
  }

  private static func summary(_ findings: SiblingSearch.Findings, _ count: Int) -> String {
    let members = findings.groups.reduce(0) { $0 + $1.members.count }
    var text =
      "\(count) endpoints were reached lately; \(members) of them are \(Quantity.counted(findings.groups.count, "node", "nodes")), as far as is known"
    if findings.fleets > 0 { text += "; \(findings.fleets) groups look like operators' fleets" }
    if findings.isCut { text += "; some pairs were not compared, to limit memory" }
    return text
  }
}

/// The options about the evidence that joins endpoints.
struct NodesDBBelief: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Lowest confidence at which endpoints count as one node: 0.5 to less than 1.",
      valueName: "share"
    )
  )
  var threshold = 0.95

  @Option(
    help: ArgumentHelp(
      "Changes within this time count as simultaneous. No shorter than a crawler's pass.",
      valueName: "seconds"
    )
  )
  var window = 600.0

  func validate() throws {
    guard (0.5..<1).contains(threshold) else { throw ValidationError("--threshold must be 0.5 to below 1.") }
    guard (1...86_400).contains(window) else { throw ValidationError("--window must be 1 to 86400.") }
  }

  /// The settings of the search.
  var settings: SiblingSettings {
    var settings = SiblingSettings()
    settings.threshold = threshold
    settings.window = Int64(window * 1e9)
    return settings
  }
}

/// The option to show a node with several endpoints once.
struct NodesDBOnce: ParsableArguments {
  @Flag(
    help: """
      Show endpoints that are probably one node once: the IPv4 endpoint among the selected ones, else the \
      IPv6 one, else any. `netmine nodes-db siblings` lists them.
      """
  )
  var once = false

  /// The groups of endpoints, by their ids in the database; empty without --once.
  func groups(_ store: NodeStore) throws(NodeStoreError) -> [[Int64]] {
    guard once else { return [] }
    let (candidates, findings) = try store.siblings(now: Clock.now())
    return findings.groups.map { $0.members.map { candidates[$0].id } }
  }
}
