import ArgumentParser
import BitcoinWire
import Daemon

/// The command line of `simnet`.
public struct SimnetOptions: ParsableArguments {
  private static let defaults = SimnetSettings()

  /// Number of nodes.
  @Option(help: ArgumentHelp("Number of nodes to simulate.", valueName: "count"))
  public var nodes = Self.defaults.nodeCount

  /// The first node's address, in 127.0.0.0/8.
  @Option(
    help: ArgumentHelp(
      "Address of the first node; the others follow it. (default: 127.16.0.1)",
      valueName: "address"
    ),
    transform: Self.base
  )
  public var base = Self.defaults.base

  /// The port of every node; 0 if the system chooses.
  @Option(help: "Port of every node; 0 to let the system choose.")
  public var port = Self.defaults.port

  /// The seed of all random numbers.
  @Option(help: "Seed of all random numbers. The same seed makes the same network.")
  public var seed = Self.defaults.seed

  /// Path of a snapshot; nil for the built-in sample.
  @Option(
    help: ArgumentHelp(
      """
      Use the nodes of this snapshot: JSON in Bitnodes' format. (default: a built-in sample of the main \
      network)
      """,
      valueName: "path"
    ),
    completion: .file()
  )
  public var population: String?

  /// The addresses by which nodes know each other.
  @Option(
    help: """
      Addresses by which nodes know each other: loopback (those at which they listen) or real (those of \
      their networks, at which no simulated node listens).
      """
  )
  public var gossip = Self.defaults.gossip

  /// Number of dead addresses.
  @Option(
    help: ArgumentHelp(
      "Let every node know this many more addresses without a listener. They follow the nodes' addresses.",
      valueName: "count"
    )
  )
  public var dead = Self.defaults.deadCount

  /// Number of addresses that address spammers choose from; 0 if they invent them.
  @Option(
    help: ArgumentHelp(
      "Let address spammers choose from this many addresses without a listener, instead of inventing them.",
      valueName: "count"
    )
  )
  public var spam = Self.defaults.spamCount

  /// Average number of new transactions per second.
  @Option(
    help: ArgumentHelp(
      "Average number of new transactions per second in the whole network.",
      valueName: "rate"
    )
  )
  public var txRate = Self.defaults.transactionRate

  /// Average seconds between blocks; 0 for no blocks.
  @Option(
    help: ArgumentHelp(
      "Average seconds between blocks; 0 for no blocks.",
      valueName: "seconds"
    )
  )
  public var blockInterval = Self.defaults.blockInterval

  /// Average seconds between batches of transactions to an outbound peer.
  @Option(
    help: ArgumentHelp(
      """
      Average seconds between batches of announced transactions to an outbound peer; 2.5 times as long to an \
      inbound peer.
      """,
      valueName: "seconds"
    )
  )
  public var hopDelay = Self.defaults.hopDelay

  /// Factor of the latencies between nodes.
  @Option(
    help: ArgumentHelp(
      "Latency of messages between nodes, as a multiple of the real world's.",
      valueName: "factor"
    )
  )
  public var latency = Self.defaults.latencyFactor

  /// Average seconds between announcements of a node's own address; 0 for never.
  @Option(
    help: ArgumentHelp(
      "Average seconds between announcements of a node's own address; 0 for never.",
      valueName: "seconds"
    )
  )
  public var addressInterval = Self.defaults.addressInterval

  /// Most connections of a node.
  @Option(
    help: ArgumentHelp(
      "Most connections of a node, including those with other nodes. Further ones are closed at once.",
      valueName: "count"
    )
  )
  public var slots = Self.defaults.slots

  /// Percentage of nodes without a slot for observers.
  @Option(
    help: ArgumentHelp("Percentage of nodes that have no free slot for an observer.", valueName: "percent")
  )
  public var fullShare = Self.defaults.fullShare

  /// Average number of nodes that go down per minute.
  @Option(help: ArgumentHelp("Average number of nodes that go down per minute.", valueName: "nodes"))
  public var churn = Self.defaults.churn

  /// Average seconds until a node comes back.
  @Option(
    help: ArgumentHelp("Average seconds until a node that went down comes back.", valueName: "seconds")
  )
  public var downTime = Self.defaults.downTime

  /// The observer that nodes connect to; nil for none.
  @Option(
    help: ArgumentHelp("Let nodes connect to this listener on loopback.", valueName: "host:port"),
    transform: Self.target
  )
  public var dial: Endpoint?

  /// Number of nodes that connect to the observer.
  @Option(help: ArgumentHelp("Number of nodes that connect to it, with --dial.", valueName: "count"))
  public var dialCount = 8

  /// Path for the nodes' endpoints; - for stdout.
  @Option(
    help: ArgumentHelp("Write the nodes' endpoints here, one a line; - for stdout.", valueName: "path"),
    completion: .file()
  )
  public var list: String?

  /// Path for the true events.
  @Option(
    help: ArgumentHelp("Write the true events to this file, as JSON lines.", valueName: "path"),
    completion: .file()
  )
  public var truth: String?

  /// Path for every message to and from observers.
  @Option(
    help: ArgumentHelp(
      "Write every message to and from observers to this file, in the log format, for netmine log compare.",
      valueName: "path"
    ),
    completion: .file()
  )
  public var truthMessages: String?

  /// Whether only the headers of messages are written.
  @Flag(help: "Write only the header of each message, checksum included, with --truth-messages.")
  public var truthHeaders = false

  /// Shares of unpleasant nodes.
  @Option(
    help: ArgumentHelp(
      """
      Make a share of the nodes unpleasant: 0.2 for all kinds in equal shares, or KIND=SHARE,… with kinds \
      \(Neighbour.allCases.map(\.rawValue).joined(separator: ", ")).
      """,
      valueName: "shares"
    ),
    transform: Self.shares
  )
  public var unpleasant = NeighbourShares.none

  /// Messages per second from each unpleasant node that floods.
  @Option(
    help: ArgumentHelp("Messages per second from each unpleasant node that floods.", valueName: "rate")
  )
  public var unpleasantRate = Self.defaults.neighbourRate

  /// Messages per second for measurements; nil for none.
  @Option(
    help: ArgumentHelp(
      "Let nodes send this many messages per second in all, at random times, to peers after the handshake.",
      valueName: "rate"
    )
  )
  public var pace: Double?

  /// Whether nodes send as many messages as possible.
  @Flag(help: "Let nodes send as many messages as possible, in batches.")
  public var flood = false

  /// Size in bytes of those messages.
  @Option(
    help: ArgumentHelp(
      "Size of each message, with --pace and --flood: 61, and 36 more for each further item.",
      valueName: "bytes"
    )
  )
  public var paceSize = 61

  /// Number of those messages; nil for no limit.
  @Option(help: ArgumentHelp("Stop after this many messages, with --pace and --flood.", valueName: "count"))
  public var paceCount: Int?

  /// Port of the SOCKS5 proxy; nil for none.
  @Option(
    help: ArgumentHelp("Offer a SOCKS5 proxy to the nodes at this port of 127.0.0.1.", valueName: "port")
  )
  public var socks: UInt16?

  /// Port of the SAM bridge; nil for none.
  @Option(
    help: ArgumentHelp("Offer a SAM 3.1 bridge to the nodes at this port of 127.0.0.1.", valueName: "port")
  )
  public var sam: UInt16?

  /// Outside listeners that the proxies lead to.
  @Option(
    help: ArgumentHelp(
      "Let the proxies also lead from an address to a loopback listener that is not a node. May be repeated.",
      valueName: "address:port=host:port"
    ),
    transform: Self.outside
  )
  public var outside: [Outside] = []

  /// Path for the addresses by which the proxies lead to the nodes.
  @Option(
    help: ArgumentHelp(
      "Write all addresses of each node to this file, one node a line, as --socks and --sam accept them.",
      valueName: "path"
    ),
    completion: .file()
  )
  public var names: String?

  /// The part of the nodes that this process serves.
  @Option(
    help: ArgumentHelp(
      "Serve only this part of the nodes, such as 2/4; other processes serve the others.",
      valueName: "part"
    ),
    transform: Self.part
  )
  public var part = NetworkPart.whole

  /// Path of the unix socket that connects the parts.
  @Option(
    help: ArgumentHelp("Unix socket by which the processes find each other.", valueName: "path"),
    completion: .file()
  )
  public var link: String?

  /// Seconds between two reports of statistics; 0 for none.
  @Option(
    help: ArgumentHelp("Report statistics every N seconds; 0 for never.", valueName: "seconds")
  )
  public var statsInterval = 0.0

  /// Seconds until the program ends by itself; 0 for never.
  @Option(help: ArgumentHelp("End after N seconds; 0 for never.", valueName: "seconds"))
  public var duration = 0.0

  /// An address, and the listener that the proxies connect it to.
  public typealias Outside = (name: Endpoint, listener: OutsideListener)

  /// The options of every daemon.
  @OptionGroup public var daemon: DaemonOptions

  /// Creates options with the default values.
  public init() {}

  /// Throws `ValidationError` for options out of range or in conflict.
  public func validate() throws {
    guard (1...100_000).contains(nodes) else { throw ValidationError("--nodes must be 1 to 100000") }
    guard (0...10_000_000).contains(dead), (0...10_000_000).contains(spam) else {
      throw ValidationError("--dead and --spam must be 0 to 10000000")
    }
    guard dead + spam == 0 || gossip == .loopback else {
      throw ValidationError("--dead and --spam need --gossip loopback")
    }
    guard (base + UInt32(nodes + dead + spam - 1)) >> 24 == 127 else {
      throw ValidationError("--base leaves no room for \(nodes + dead + spam) addresses in 127.0.0.0/8")
    }
    for (name, value) in [
      ("tx-rate", txRate), ("block-interval", blockInterval), ("hop-delay", hopDelay),
      ("latency", latency), ("address-interval", addressInterval), ("churn", churn), ("down-time", downTime),
      ("stats-interval", statsInterval), ("duration", duration), ("unpleasant-rate", unpleasantRate),
    ] where !(0...1e6).contains(value) {
      throw ValidationError("--\(name) must be 0 to 1000000")
    }
    guard slots >= 0 else { throw ValidationError("--slots must not be negative") }
    guard (0...100).contains(fullShare) else { throw ValidationError("--full-share must be 0 to 100") }
    if let pace {
      guard (1e-3...1e7).contains(pace), !flood else {
        throw ValidationError("--pace must be 0.001 to 10000000, and without --flood")
      }
    }
    guard (61...MessageHeader.maximumLength / 4).contains(paceSize), paceCount ?? 1 > 0 else {
      throw ValidationError("--pace-size must be 61 to 1000000, --pace-count above 0")
    }
    guard part.count == 1 || link != nil else { throw ValidationError("--part needs --link") }
    guard part.count <= nodes else { throw ValidationError("--part: there are more parts than nodes") }
    guard outside.isEmpty || socks != nil || sam != nil else {
      throw ValidationError("--outside needs --socks or --sam")
    }
    guard dialCount >= 0 else { throw ValidationError("--dial-count must not be negative") }
  }

  /// The settings that the options describe, without `population`.
  public var settings: SimnetSettings {
    var settings = Self.defaults
    settings.nodeCount = nodes
    settings.base = base
    settings.port = port
    settings.seed = seed
    settings.gossip = gossip
    settings.deadCount = dead
    settings.spamCount = spam
    settings.transactionRate = txRate
    settings.blockInterval = blockInterval
    settings.hopDelay = hopDelay
    settings.latencyFactor = latency
    settings.addressInterval = addressInterval
    settings.slots = slots
    settings.fullShare = fullShare
    settings.churn = churn
    settings.downTime = downTime
    settings.dial = dial.map { ($0, dialCount) }
    if flood || pace != nil {
      var wanted = PaceSettings(pace.map { .perSecond($0) } ?? .flood)
      wanted.size = paceSize
      wanted.count = paceCount
      settings.pace = wanted
    }
    settings.proxyPorts = (socks, sam)
    for outside in outside { settings.outside[outside.name] = outside.listener }
    settings.part = part
    settings.linkPath = link
    settings.neighbours = unpleasant
    settings.neighbourRate = unpleasantRate
    settings.keepsPayloads = !truthHeaders
    return settings
  }

  private static func base(_ text: String) throws -> UInt32 {
    guard case .ipv4(let address)? = NetworkAddress(text), address >> 24 == 127 else {
      throw ValidationError("\"\(text)\" is not an address in 127.0.0.0/8")
    }
    return address
  }

  private static func part(_ text: String) throws -> NetworkPart {
    guard let part = NetworkPart(text) else { throw ValidationError("\"\(text)\" is not a part such as 2/4") }
    return part
  }

  private static func shares(_ text: String) throws -> NeighbourShares {
    guard let shares = NeighbourShares(text) else {
      throw ValidationError("\"\(text)\" is neither a share from 0 to 1 nor KIND=SHARE,… of at most 1 in all")
    }
    return shares
  }

  private static func outside(_ text: String) throws -> Outside {
    guard let pair = OutsideListener.pair(text) else {
      throw ValidationError(
        "\"\(text)\" is not ADDRESS:PORT=HOST:PORT with HOST in 127.0.0.0/8 or ::1"
      )
    }
    return pair
  }

  private static func target(_ text: String) throws -> Endpoint {
    // Nodes connect from loopback addresses, which reach nothing else.
    guard let endpoint = Endpoint(text), case .ipv4(let address) = endpoint.address, address >> 24 == 127
    else {
      throw ValidationError("\"\(text)\" is not an address in 127.0.0.0/8 with a port")
    }
    return endpoint
  }
}
