import ArgumentParser
import BitcoinWire
import LogProtocol

/// The options that choose records, shared by every command that shows them.
public struct RecordFilterOptions: ParsableArguments {
  /// Types wanted.
  @Option(
    name: .customLong("type"),
    help: ArgumentHelp(
      "Only records of this type: \(RecordType.names.map(\.name).joined(separator: ", ")). May be repeated.",
      valueName: "type"
    ),
    completion: .list(RecordType.names.map(\.name))
  )
  public var types: [RecordType] = []

  /// Commands wanted.
  @Option(
    name: .customLong("command"),
    help: ArgumentHelp(
      "Only Bitcoin messages of this command, such as inv. May be repeated.",
      valueName: "command"
    ),
    completion: .list(Message.decodedCommands.map(\.description))
  )
  public var commands: [Command] = []

  /// Whether only what we sent is wanted.
  @Flag(help: "Only Bitcoin messages that we sent.")
  public var sent = false

  /// Whether only what we received is wanted.
  @Flag(help: "Only Bitcoin messages that we received.")
  public var received = false

  /// Sources wanted.
  @Option(
    name: .customLong("source"),
    help: ArgumentHelp("Only records of this source's id. May be repeated.", valueName: "id")
  )
  public var sources: [UInt32] = []

  /// Connections wanted.
  @Option(
    name: .customLong("connection"),
    help: ArgumentHelp("Only records about this connection's id. May be repeated.", valueName: "id")
  )
  public var connections: [UInt32] = []

  /// Creates options nobody has given.
  public init() {}

  /// What they choose. Without a type, a command or a direction asks for messages only.
  public var filter: RecordFilter {
    var filter = RecordFilter()
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
    filter.asksForMeta = types.contains(.meta)
    filter.showsMeta =
      filter.asksForMeta
      || (types.isEmpty && !asksOfMessages && sources.isEmpty && connections.isEmpty)
    return filter
  }
}

extension RecordType: ExpressibleByArgument {
  /// Reads a type's name.
  public init?(argument: String) { self.init(name: argument) }
}

extension Command: ExpressibleByArgument {
  /// Reads up to 12 printable characters.
  public init?(argument: String) { self.init(argument) }
}
