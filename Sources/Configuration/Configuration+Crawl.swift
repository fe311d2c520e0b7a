extension Configuration {
  /// Finding every reachable node.
  public struct Crawl: Equatable, Sendable {
    /// Most dials begun a second; 0.1 … 1,000,000.
    public internal(set) var rate = 1000.0
    /// Most dials under way, their handshakes included; 1 … 1,000,000.
    public internal(set) var inFlight = 3000
    /// Most connections that the crawl has at once; 1 … 1,000,000.
    public internal(set) var connections = 50_000
    /// Most addresses that are remembered; 1000 … 100,000,000.
    public internal(set) var candidates = 2_000_000
    /// Most never tried addresses of one network group that wait; 1 … 65,535.
    public internal(set) var groupQuota = 2000
    /// Seconds that connecting to a node may take that has answered before; 0.1 … 3600.
    public internal(set) var connectTimeout = 10.0
    /// Seconds that connecting to an address may take that never answered; 0.1 … 3600.
    public internal(set) var firstTimeout = 5.0
    /// Seconds that an answer is waited for; 0.1 … 3600.
    public internal(set) var answerTimeout = 120.0
    /// Seconds until a node is asked again; 0 … 604,800.
    public internal(set) var askInterval = 86_400.0
    /// Seconds from the beginning of a pass to that of the next; 0 … 604,800.
    public internal(set) var passInterval = 600.0
    /// Seconds until an address is tried again that could not be reached; 0.1 … 604,800.
    public internal(set) var backoff = 600.0
    /// Most seconds until then, each failure doubling them; 0.1 … 31,536,000.
    public internal(set) var backoffLimit = 86_400.0
    /// Seconds from one snapshot of the database of nodes to the next; 0 for none; 0 … 31,536,000.
    public internal(set) var snapshotInterval = 86_400.0
    /// The user agent; nil for the connector's.
    public internal(set) var userAgent: String?
    /// File of addresses that are never dialled.
    public internal(set) var optOut: String?
    /// File of rules that tell species.
    public internal(set) var species: String?
    /// Whether name servers are asked what addresses of nodes are called.
    public internal(set) var reverseDNS = false
    /// Questions a second, and most under way; 0.1 … 1000.
    public internal(set) var reverseDNSRate = 10.0
  }

  /// How every reachable node is found.
  static let crawlKeys: [Key] = [
    Key(
      "crawl.rate",
      \.crawl.rate,
      .real(0.1...1_000_000, "dials a second"),
      "Most dials that a crawl begins a second."
    ),
    Key(
      "crawl.in_flight",
      \.crawl.inFlight,
      .whole(1...1_000_000),
      """
      Most dials of a crawl under way, their handshakes included; and no more than
      connector.dial.in_flight.
      """
    ),
    Key(
      "crawl.connections",
      \.crawl.connections,
      .whole(1...1_000_000),
      "Most connections that a crawl has at once."
    ),
    Key(
      "crawl.candidates",
      \.crawl.candidates,
      .whole(1000...100_000_000),
      "Most addresses that a crawl remembers, about 120 bytes each. Beyond, the least likely give way."
    ),
    Key(
      "crawl.group_quota",
      \.crawl.groupQuota,
      .whole(1...65_535),
      """
      Most addresses of one network group (/16 of IPv4, /32 of IPv6, …) that wait to be tried for the first
      time. Further ones are passed over.
      """
    ),
    Key(
      "crawl.connect_timeout",
      \.crawl.connectTimeout,
      .seconds(0.1...3600),
      "Seconds that connecting to a node may take that has answered before."
    ),
    Key(
      "crawl.first_timeout",
      \.crawl.firstTimeout,
      .seconds(0.1...3600),
      """
      Seconds that connecting to an address may take that has never answered. Through proxies,
      connector.dial.proxy_timeout counts.
      """
    ),
    Key(
      "crawl.answer_timeout",
      \.crawl.answerTimeout,
      .seconds(0.1...3600),
      "Seconds that an answer to getaddr is waited for. Bitcoin Core takes 30 on average."
    ),
    Key(
      "crawl.ask_interval",
      \.crawl.askInterval,
      .seconds(0...604_800),
      "Seconds until a node is asked for addresses again: it answers the same for about a day."
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
      Seconds until an address that could not be reached is tried again, doubled with each failure; half as
      many to one and a half times as many, by chance.
      """
    ),
    Key(
      "crawl.backoff_limit",
      \.crawl.backoffLimit,
      .seconds(0.1...31_536_000),
      "Seconds beyond which they are not doubled."
    ),
    Key(
      "crawl.snapshot_interval",
      \.crawl.snapshotInterval,
      .seconds(0...31_536_000),
      """
      Seconds from one snapshot that the database of nodes keeps of who is reachable to the next; 0 for none.
      They are taken at the end of a pass.
      """
    ),
    Key(
      "crawl.user_agent",
      \.crawl.userAgent,
      Kind.text("text of 1 to 256 bytes", bytes: 1...256).optional(),
      example: quoted("/crawler:1(you@your.example)/"),
      "What nodes are told we are when they are crawled. By default connector.user_agent."
    ),
    Key(
      "crawl.opt_out",
      \.crawl.optOut,
      Kind.path("a file", isFolder: false).optional(),
      example: quoted("/etc/netmine/opt-out"),
      """
      File of addresses that are never dialled, because their owners do not want it: one address or network
      (address/bits) on each line, # for comments. By default none.
      """
    ),
    Key(
      "crawl.species",
      \.crawl.species,
      Kind.path("a file", isFolder: false).optional(),
      example: quoted("/etc/netmine/species"),
      """
      File of rules that tell what kind of node one is; netmine crawl --print-species prints the
      built-in ones, which are used by default.
      """
    ),
  ]
}
