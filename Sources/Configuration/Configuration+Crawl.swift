extension Configuration {
  /// The section `crawl`: the search for all reachable nodes.
  public struct Crawl: Equatable, Sendable {
    /// The most dials begun a second; 0.1 … 1,000,000.
    public internal(set) var rate = 1000.0
    /// The most dials under way, including handshakes; 1 … 1,000,000.
    public internal(set) var inFlight = 3000
    /// The most connections of the crawl at a time; 1 … 1,000,000.
    public internal(set) var connections = 50_000
    /// The most addresses remembered; 1000 … 100,000,000.
    public internal(set) var candidates = 2_000_000
    /// The most untried addresses of one network group that wait; 1 … 65,535.
    public internal(set) var groupQuota = 2000
    /// Seconds for a connect to a node that has answered before; 0.1 … 3600.
    public internal(set) var connectTimeout = 10.0
    /// Seconds for a connect to an address that has never answered; 0.1 … 3600.
    public internal(set) var firstTimeout = 5.0
    /// Seconds for the answer to `getaddr`; 0.1 … 3600.
    public internal(set) var answerTimeout = 120.0
    /// Seconds until a node is asked for addresses again; 0 … 604,800.
    public internal(set) var askInterval = 86_400.0
    /// Seconds from the beginning of a pass to the beginning of the next; 0 … 604,800.
    public internal(set) var passInterval = 600.0
    /// Seconds until an unreachable address is tried again; 0.1 … 604,800.
    public internal(set) var backoff = 600.0
    /// The longest such delay in seconds. Each failure doubles the delay; 0.1 … 31,536,000.
    public internal(set) var backoffLimit = 86_400.0
    /// Seconds between two snapshots in the node database, 0 … 31,536,000; 0 for none.
    public internal(set) var snapshotInterval = 86_400.0
    /// The user agent for crawls; nil for the connector's.
    public internal(set) var userAgent: String?
    /// Absolute path of the file of addresses that are never dialled; nil for none.
    public internal(set) var optOut: String?
    /// Absolute path of the file of rules for species of nodes; nil for the built-in rules.
    public internal(set) var species: String?
    /// Whether name servers are asked for the names of nodes' addresses.
    public internal(set) var reverseDNS = false
    /// The most such queries a second, and at most that many under way; 0.1 … 1000.
    public internal(set) var reverseDNSRate = 10.0
  }

  /// The keys under `crawl`, except those of reverse DNS.
  static let crawlKeys: [Key] = [
    Key(
      "crawl.rate",
      \.crawl.rate,
      .real(0.1...1_000_000, "dials a second"),
      "The most dials that a crawl begins a second."
    ),
    Key(
      "crawl.in_flight",
      \.crawl.inFlight,
      .whole(1...1_000_000),
      """
      The most dials of a crawl under way, including handshakes. connector.dial.in_flight is a further
      limit.
      """
    ),
    Key(
      "crawl.connections",
      \.crawl.connections,
      .whole(1...1_000_000),
      "The most connections of a crawl at a time."
    ),
    Key(
      "crawl.candidates",
      \.crawl.candidates,
      .whole(1000...100_000_000),
      """
      The most addresses that a crawl remembers, about 120 bytes each. Beyond this, the least likely are
      forgotten.
      """
    ),
    Key(
      "crawl.group_quota",
      \.crawl.groupQuota,
      .whole(1...65_535),
      """
      The most addresses of one network group (/16 of IPv4, /32 of IPv6, …) that wait for their first try.
      Further ones are ignored.
      """
    ),
    Key(
      "crawl.connect_timeout",
      \.crawl.connectTimeout,
      .seconds(0.1...3600),
      "Seconds for a connect to a node that has answered before."
    ),
    Key(
      "crawl.first_timeout",
      \.crawl.firstTimeout,
      .seconds(0.1...3600),
      """
      Seconds for a connect to an address that has never answered. Through proxies,
      connector.dial.proxy_timeout applies.
      """
    ),
    Key(
      "crawl.answer_timeout",
      \.crawl.answerTimeout,
      .seconds(0.1...3600),
      "Seconds for the answer to getaddr. Bitcoin Core takes 30 on average."
    ),
    Key(
      "crawl.ask_interval",
      \.crawl.askInterval,
      .seconds(0...604_800),
      "Seconds until a node is asked for addresses again. A node gives the same answer for about a day."
    ),
    Key(
      "crawl.pass_interval",
      \.crawl.passInterval,
      .seconds(0...604_800),
      "Seconds from the beginning of a pass to the beginning of the next."
    ),
    Key(
      "crawl.backoff",
      \.crawl.backoff,
      .seconds(0.1...604_800),
      """
      Seconds until an unreachable address is tried again. Each failure doubles the delay. It is spread at
      random from half to one and a half of it.
      """
    ),
    Key(
      "crawl.backoff_limit",
      \.crawl.backoffLimit,
      .seconds(0.1...31_536_000),
      "Seconds beyond which the delay is not doubled."
    ),
    Key(
      "crawl.snapshot_interval",
      \.crawl.snapshotInterval,
      .seconds(0...31_536_000),
      """
      Seconds between two snapshots of the reachable nodes in the node database. They are taken at the end
      of a pass. 0 means none.
      """
    ),
    Key(
      "crawl.user_agent",
      \.crawl.userAgent,
      Kind.text("text of 1 to 256 bytes", bytes: 1...256).optional(),
      example: quoted("/crawler:1(you@your.example)/"),
      "The user agent in our version message for crawls. By default connector.user_agent."
    ),
    Key(
      "crawl.opt_out",
      \.crawl.optOut,
      Kind.path("a file", isFolder: false).optional(),
      example: quoted("/etc/netmine/opt-out"),
      """
      File of addresses that are never dialled at their owners' request: one address or network
      (address/bits) on each line, # for comments. By default none.
      """
    ),
    Key(
      "crawl.species",
      \.crawl.species,
      Kind.path("a file", isFolder: false).optional(),
      example: quoted("/etc/netmine/species"),
      """
      File of rules that determine the species of a node. netmine crawl --print-species prints the built-in
      rules, which are the default.
      """
    ),
  ]
}
