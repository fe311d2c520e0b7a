import ArgumentParser
import BitcoinWire
import LogConsumer
import LogProtocol
import Observations

/// The options that select records, shared by every command that shows them.
public struct RecordFilterOptions: ParsableArguments {
  /// Wanted types; empty for all.
  @Option(
    name: .customLong("type"),
    help: ArgumentHelp(
      "Only records of this type: \(RecordType.names.map(\.name).joined(separator: ", ")). May be repeated.",
      valueName: "type"
    ),
    completion: .list(RecordType.names.map(\.name))
  )
  public var types: [RecordType] = []

  /// Wanted commands; empty for all.
  @Option(
    name: .customLong("command"),
    help: ArgumentHelp(
      "Only Bitcoin messages of this command, such as inv. May be repeated.",
      valueName: "command"
    ),
    completion: .list(Message.decodedCommands.map(\.description))
  )
  public var commands: [Command] = []

  /// Whether only sent messages are wanted.
  @Flag(help: "Only Bitcoin messages that we sent.")
  public var sent = false

  /// Whether only received messages are wanted.
  @Flag(help: "Only Bitcoin messages that we received.")
  public var received = false

  /// Wanted sources; empty for all.
  @Option(
    name: .customLong("source"),
    help: ArgumentHelp("Only records of this source's id. May be repeated.", valueName: "id")
  )
  public var sources: [UInt32] = []

  /// Wanted connections; empty for all.
  @Option(
    name: .customLong("connection"),
    help: ArgumentHelp("Only records about this connection's id. May be repeated.", valueName: "id")
  )
  public var connections: [UInt32] = []

  /// The earliest time wanted; nil for no limit.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Only records from this time on: 2026-01-31T23:59:59Z, or how long ago, such as -10m.",
      valueName: "time"
    )
  )
  public var since: TimeBound?

  /// The first time no longer wanted; nil for no limit.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only records before this time, in the same form as --since.", valueName: "time")
  )
  public var until: TimeBound?

  /// Wanted addresses of peers; empty for all.
  @Option(
    name: .customLong("peer"),
    help: ArgumentHelp(
      "Only records about connections with this address or network, such as 10.0.0.0/8. May be repeated.",
      valueName: "address"
    )
  )
  public var peers: [AddressRange] = []

  /// Parts of the user agents wanted; empty for all.
  @Option(
    name: .customLong("agent"),
    help: ArgumentHelp(
      """
      Only records about connections whose user agent contains this text, in any case, once it is known. May \
      be repeated.
      """,
      valueName: "text"
    )
  )
  public var agents: [String] = []

  /// Creates the options with their defaults.
  public init() {}

  /// Refuses an empty range of time.
  public mutating func validate() throws {
    if let since, let until, since.time >= until.time {
      throw ValidationError("--until must be later than --since")
    }
  }

  /// The options as command-line words, always in the same order; times are Unix seconds.
  public var words: [String] {
    func words(_ name: String, _ values: [some CustomStringConvertible]) -> [String] {
      values.map { "\($0)" }.sorted().flatMap { ["--\(name)", $0] }
    }
    func words(_ name: String, _ bound: TimeBound?) -> [String] {
      guard let time = bound?.time else { return [] }
      let fraction = "\(1_000_000_000 + time % 1_000_000_000)".dropFirst()
      return ["--\(name)", "@\(time / 1_000_000_000).\(fraction)"]
    }
    return words("type", types.map(\.name)) + words("command", commands)
      + (sent == received ? [] : [sent ? "--sent" : "--received"])
      + words("source", sources) + words("connection", connections) + words("since", since)
      + words("until", until) + words("peer", peers) + words("agent", agents)
  }

  /// The criteria that the options stand for. A command or a direction without a type selects messages only.
  public var filter: RecordCriteria {
    var filter = RecordCriteria()
    let asksOfMessages = !commands.isEmpty || sent != received
    if !types.isEmpty {
      filter.subscription.types = RecordType(types)
    } else if asksOfMessages {
      filter.subscription.types = .message
    }
    if sent != received {
      filter.subscription.wantsSent = sent
      filter.subscription.wantsReceived = received
    }
    filter.subscription.commands = commands
    filter.subscription.sources = sources
    filter.subscription.connections = connections
    filter.start = since?.time ?? 0
    filter.end = until?.time
    filter.peers = peers
    filter.userAgents = agents.map { $0.lowercased() }
    filter.asksForMeta = types.contains(.meta)
    filter.showsMeta =
      filter.asksForMeta
      || (types.isEmpty && !asksOfMessages && sources.isEmpty && connections.isEmpty
        && !filter.asksForPeers)
    return filter
  }
}

extension RecordType: ExpressibleByArgument {
  /// Parses a type's name.
  public init?(argument: String) { self.init(name: argument) }
}

extension Command: ExpressibleByArgument {
  /// Parses a command of up to 12 printable characters.
  public init?(argument: String) { self.init(argument) }
}
