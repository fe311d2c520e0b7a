import ArgumentParser
import BitcoinWire
import Daemon

/// The command line of `simnet`.
public struct SimnetOptions: ParsableArguments {
  private static let defaults = SimnetSettings()

  /// How many nodes there are.
  @Option(help: ArgumentHelp("How many nodes to simulate.", valueName: "count"))
  public var nodes = Self.defaults.nodeCount

  /// The first node's address.
  @Option(
    help: ArgumentHelp(
      "The first node's address; the others follow it. (default: 127.16.0.1)",
      valueName: "address"
    ),
    transform: Self.base
  )
  public var base = Self.defaults.base

  /// The port of every node.
  @Option(help: "The port of every node; 0 for one the system chooses.")
  public var port = Self.defaults.port

  /// Decides everything that is random.
  @Option(help: "The same seed makes the same network.")
  public var seed = Self.defaults.seed

  /// Who the nodes are.
  @Option(
    help: ArgumentHelp(
      """
      Make nodes of this snapshot of a network: JSON as Bitnodes has it. (default: a built-in sample of the main \
      network's)
      """,
      valueName: "path"
    ),
    completion: .file()
  )
  public var population: String?

  /// By which addresses nodes know each other.
  @Option(
    help: """
      By which addresses nodes know each other: loopback, where they listen, or real, those of the networks they are \
      on, where nothing of ours listens.
      """
  )
  public var gossip = Self.defaults.gossip

  /// Addresses that lead nowhere.
  @Option(
    help: ArgumentHelp(
      "Have every node know so many addresses besides, where nobody listens: those after the nodes'.",
      valueName: "count"
    )
  )
  public var dead = Self.defaults.deadCount

  /// Addresses that address spammers tell of.
  @Option(
    help: ArgumentHelp(
      "Have address spammers tell of so many addresses, where nobody listens, instead of making them up.",
      valueName: "count"
    )
  )
  public var spam = Self.defaults.spamCount

  /// Transactions per second.
  @Option(
    help: ArgumentHelp(
      "Transactions invented per second in the whole network, on average.",
      valueName: "rate"
    )
  )
  public var txRate = Self.defaults.transactionRate

  /// Seconds between blocks.
  @Option(
    help: ArgumentHelp(
      "Seconds from one block to the next, on average; 0 for no blocks.",
      valueName: "seconds"
    )
  )
  public var blockInterval = Self.defaults.blockInterval

  /// Seconds between announcements.
  @Option(
    help: ArgumentHelp(
      """
      Seconds from one batch of announced transactions to the next, on average, to a peer that a node connected to; \
      2.5 times as long to others.
      """,
      valueName: "seconds"
    )
  )
  public var hopDelay = Self.defaults.hopDelay

  /// How much longer than in the real world.
  @Option(
    help: ArgumentHelp(
      "How many times as long as in the real world messages between nodes are on the way.",
      valueName: "factor"
    )
  )
  public var latency = Self.defaults.latencyFactor

  /// Seconds between self-announcements.
  @Option(
    help: ArgumentHelp(
      "Seconds from one time that a node tells its own address to the next, on average; 0 for never.",
      valueName: "seconds"
    )
  )
  public var addressInterval = Self.defaults.addressInterval

  /// Connections a node holds.
  @Option(
    help: ArgumentHelp(
      "How many connections a node holds, those with other nodes too; more are closed at once.",
      valueName: "count"
    )
  )
  public var slots = Self.defaults.slots

  /// Nodes that take nobody.
  @Option(
    help: ArgumentHelp("Of 100 nodes, how many have no slot left for an observer.", valueName: "percent")
  )
  public var fullShare = Self.defaults.fullShare

  /// Nodes that go down.
  @Option(help: ArgumentHelp("How many nodes go down in a minute, on average.", valueName: "nodes"))
  public var churn = Self.defaults.churn

  /// How long they are down.
  @Option(
    help: ArgumentHelp("Seconds until a node that went down comes back, on average.", valueName: "seconds")
  )
  public var downTime = Self.defaults.downTime

  /// Whom nodes connect to by themselves.
  @Option(
    help: ArgumentHelp("Have nodes connect to this listener on loopback.", valueName: "host:port"),
    transform: Self.target
  )
  public var dial: Endpoint?

  /// How many of them.
  @Option(help: ArgumentHelp("How many nodes connect to it, with --dial.", valueName: "count"))
  public var dialCount = 8

  /// Where the nodes' endpoints are written.
  @Option(
    help: ArgumentHelp("Write the nodes' endpoints here, one a line; - for stdout.", valueName: "path"),
    completion: .file()
  )
  public var list: String?

  /// Where what really happens is written.
  @Option(
    help: ArgumentHelp("Write what really happens here, in JSON lines.", valueName: "path"),
    completion: .file()
  )
  public var truth: String?

  /// Where every message to and from observers is written.
  @Option(
    help: ArgumentHelp(
      "Write every message to and from observers here, in the log format, for netmine log compare.",
      valueName: "path"
    ),
    completion: .file()
  )
  public var truthMessages: String?

  /// Whether only headers are written.
  @Flag(help: "Write of each message only the header, checksum included, with --truth-messages.")
  public var truthHeaders = false

  /// Which nodes are unpleasant.
  @Option(
    help: ArgumentHelp(
      """
      Make a share of the nodes unpleasant: 0.2 for all kinds alike, or KIND=SHARE,… with \
      \(Neighbour.allCases.map(\.rawValue).joined(separator: ", ")).
      """,
      valueName: "shares"
    ),
    transform: Self.shares
  )
  public var unpleasant = NeighbourShares.none

  /// How fast they are.
  @Option(
    help: ArgumentHelp("Messages per second from each unpleasant node that floods.", valueName: "rate")
  )
  public var unpleasantRate = Self.defaults.neighbourRate

  /// Messages for measuring.
  @Option(
    help: ArgumentHelp(
      "Have nodes send so many messages per second in all, at random times, to who has shaken hands.",
      valueName: "rate"
    )
  )
  public var pace: Double?

  /// As many as go.
  @Flag(help: "Have nodes send as many messages as go, in batches.")
  public var flood = false

  /// How long they are.
  @Option(
    help: ArgumentHelp(
      "Bytes of each, with --pace and --flood: 61, and 36 for each more.",
      valueName: "bytes"
    )
  )
  public var paceSize = 61

  /// How many there are.
  @Option(help: ArgumentHelp("Send so many, with --pace and --flood, and no more.", valueName: "count"))
  public var paceCount: Int?

  /// Where a SOCKS5 proxy is.
  @Option(
    help: ArgumentHelp("Offer a SOCKS5 proxy to the nodes at this port of 127.0.0.1.", valueName: "port")
  )
  public var socks: UInt16?

  /// Where a SAM bridge is.
  @Option(
    help: ArgumentHelp("Offer a SAM 3.1 bridge to the nodes at this port of 127.0.0.1.", valueName: "port")
  )
  public var sam: UInt16?

  /// Whom else the proxies lead to.
  @Option(
    help: ArgumentHelp(
      "Have the proxies lead from an address to a listener on loopback that is no node too. May be repeated.",
      valueName: "address:port=host:port"
    ),
    transform: Self.outside
  )
  public var outside: [Outside] = []

  /// Where all the nodes' addresses are written.
  @Option(
    help: ArgumentHelp(
      "Write all addresses of each node here, a line each: those that --socks and --sam lead to.",
      valueName: "path"
    ),
    completion: .file()
  )
  public var names: String?

  /// Which nodes are served.
  @Option(
    help: ArgumentHelp(
      "Serve only this part of the nodes, as 2/4; other processes serve the others.",
      valueName: "part"
    ),
    transform: Self.part
  )
  public var part = NetworkPart.whole

  /// Where the parts meet.
  @Option(
    help: ArgumentHelp("The unix socket by which the processes find each other.", valueName: "path"),
    completion: .file()
  )
  public var link: String?

  /// Seconds between the lines that say what was done.
  @Option(
    help: ArgumentHelp("Say every so many seconds what was done; 0 for never.", valueName: "seconds")
  )
  public var statsInterval = 0.0

  /// Seconds until it ends by itself.
  @Option(help: ArgumentHelp("End after so many seconds; 0 for never.", valueName: "seconds"))
  public var duration = 0.0

  /// An address, and the listener that it leads to.
  public typealias Outside = (name: Endpoint, listener: OutsideListener)

  /// What every daemon takes.
  @OptionGroup public var daemon: DaemonOptions

  /// Creates options nobody has given.
  public init() {}

  /// Refuses what makes no network.
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

  /// The network they describe, but for its population.
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
      throw ValidationError("\"\(text)\" is no address in 127.0.0.0/8")
    }
    return address
  }

  private static func part(_ text: String) throws -> NetworkPart {
    guard let part = NetworkPart(text) else { throw ValidationError("\"\(text)\" is no part such as 2/4") }
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
        "\"\(text)\" is no address with a port, =, and an address in 127.0.0.0/8 or ::1 with a port"
      )
    }
    return pair
  }

  private static func target(_ text: String) throws -> Endpoint {
    // Nodes have addresses on loopback, from which nothing else can be reached.
    guard let endpoint = Endpoint(text), case .ipv4(let address) = endpoint.address, address >> 24 == 127
    else {
      throw ValidationError("\"\(text)\" is no address in 127.0.0.0/8 with a port")
    }
    return endpoint
  }
}
