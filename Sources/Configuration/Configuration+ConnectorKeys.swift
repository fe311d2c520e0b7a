extension Configuration {
  /// The keys of the connector, but for what it says to peers.
  static let connectorKeys: [Key] = [
    Key(
      "connector.control_path",
      \.connector.controlPath,
      .path("a unix socket", isFolder: false, limit: 107),
      example: quoted("/run/netmine/control"),
      "The unix socket for commands. By default control in logger.root."
    ),
    Key(
      "connector.control_listen",
      \.connector.controlListen,
      .whole(1...65_535),
      "How many clients may wait there to be accepted: the backlog of listen(2)."
    ),
    Key(
      "connector.control_tcp",
      \.connector.controlTCP,
      Kind.listening.optional(),
      example: quoted("127.0.0.1:8340"),
      """
      Where commands are also taken over TCP; beyond loopback only with permissions.key_file. Port 0 lets the system choose. By
      default nowhere.
      """
    ),
    Key(
      "connector.client.limit",
      \.connector.client.limit,
      .whole(1...100_000),
      "Most clients at a time. Further ones are told so and closed."
    ),
    Key(
      "connector.client.hello_timeout",
      \.connector.client.helloTimeout,
      .seconds(0...86_400),
      "Seconds in which a client must have sent its first request; 0 never ends it."
    ),
    Key(
      "connector.client.max_frame",
      \.connector.client.maxFrame,
      .whole(1 << 10...8 << 20),
      "Bytes of the longest request of a client. The longest message and 10,000 endpoints fit into 8 MiB."
    ),
    Key(
      "connector.client.max_waiting",
      \.connector.client.maxWaiting,
      .whole(1 << 10...1 << 30),
      """
      Bytes of replies and events that may wait for a client. Beyond, its further requests wait until it
      has read them; beyond 16 times that it is disconnected.
      """
    ),
    Key(
      "connector.client.memory",
      \.connector.client.memory,
      .whole(1 << 20...1 << 40),
      """
      Bytes of memory that all clients may take together, for requests that came in part and for what waits to be read. Beyond,
      the client whose request has been unfinished for longest is closed, or the one that most waits for.
      """
    ),
    Key(
      "connector.client.max_messages",
      \.connector.client.maxMessages,
      .whole(1...1 << 24),
      "How many registered messages one client may have."
    ),
    Key(
      "connector.msg_pool_bytes",
      \.connector.messagePoolBytes,
      .whole(1 << 10...1 << 40),
      "How many bytes all registered messages may have together."
    ),
    Key(
      "connector.msg_pool_size",
      \.connector.messagePoolSize,
      .whole(1...1 << 24),
      "How many registered messages are kept."
    ),
    Key(
      "connector.blacklist",
      \.connector.blacklist,
      Kind.path("a file", isFolder: false).optional(),
      example: quoted("/etc/netmine/blacklist.txt"),
      """
      File of addresses that are neither dialled nor let in: one address or network (address/bits) on
      each line, # for comments. By default none.
      """
    ),
    Key(
      "connector.contact",
      \.connector.contact,
      contact,
      """
      Whom a node's operator may write to about this observer; part of the default user agent. Please
      set it before you observe a public network.
      """
    ),
    Key(
      "connector.user_agent",
      \.connector.userAgent,
      .text("text of 1 to 256 bytes", bytes: 1...256),
      example: quoted("/Netmine:\(Netmine.version)(you@your.example)/"),
      """
      What peers are told we are (BIP 14). By default our name and version, with the contact in
      parentheses.
      """
    ),
    Key(
      "connector.log_buffer",
      \.connector.logBuffer,
      .whole(1 << 16...1 << 40),
      """
      Bytes of records kept until every archive has them. Peers are read more slowly before this is
      reached. While there is no log server records are dropped beyond it, and counted.
      """
    ),
    Key(
      "connector.log_patience",
      \.connector.logPatience,
      .real(0...1_000_000, "seconds"),
      """
      Seconds for which peers are not read while log_buffer is full and no archive takes anything.
      Afterwards the oldest records are dropped, and counted.
      """
    ),
    Key(
      "connector.dial.rate",
      \.connector.dial.rate,
      .real(0...1_000_000, "connects a second"),
      "Most connects begun a second, whoever asks for them; 0 means no limit. Clients take turns."
    ),
    Key(
      "connector.dial.in_flight",
      \.connector.dial.inFlight,
      .whole(1...1_000_000),
      "Most connects under way, their handshakes included. Further ones wait."
    ),
    Key(
      "connector.dial.queue",
      \.connector.dial.queue,
      .whole(1...1 << 24),
      "Most connects that wait until they may begin. What a client asks for beyond is refused."
    ),
    Key(
      "connector.dial.group_limit",
      \.connector.dial.groupLimit,
      .whole(0...1_000_000),
      """
      Most connections of ours to one network group, as Bitcoin Core groups addresses (/16 of IPv4, /32 of IPv6,
      …; all that is not routable is one). 0 means no limit.
      """
    ),
    Key(
      "connector.dial.bind",
      \.connector.dial.bind,
      Kind.address.list(),
      example: "( \"192.0.2.7\", \"2001:db8::7\" )",
      """
      Addresses of ours to connect from where a client does not say: those of the peer's family, in turn. By
      default the system chooses. Proxies are connected to from any.
      """
    ),
    Key(
      "connector.dial.proxy_timeout",
      \.connector.dial.proxyTimeout,
      .seconds(0.1...3600),
      "Seconds that connecting through a proxy may take, or opening a session with an I2P router."
    ),
    Key(
      "connector.dial.keep_delay",
      \.connector.dial.keepDelay,
      .seconds(0.1...86_400),
      """
      Seconds until a connection that a client wants kept is dialled again after it has ended; doubled with each
      failure. Half as many to one and a half times as many, by chance.
      """
    ),
    Key(
      "connector.dial.keep_max_delay",
      \.connector.dial.keepMaxDelay,
      .seconds(0.1...604_800),
      "Seconds beyond which they are not doubled."
    ),
    Key(
      "connector.peer_memory",
      \.connector.peerMemory,
      .whole(1 << 20...1 << 40),
      """
      Bytes of memory that all peers may take together, for messages that came in part and for what waits to
      be sent. Beyond, those that take most are closed until three quarters are left.
      """
    ),
    Key(
      "connector.fetch.transactions",
      \.connector.fetch.transactions,
      .truth,
      """
      Whether each transaction that peers announce is asked for once, so that the archive holds it: of the
      first that announced it, then of the next.
      """
    ),
    Key(
      "connector.fetch.blocks",
      \.connector.fetch.blocks,
      .truth,
      "Whether each block that peers announce is asked for once, likewise."
    ),
    Key(
      "connector.fetch.rate",
      \.connector.fetch.rate,
      .real(0.1...1_000_000, "requests a second"),
      "Most requests a second."
    ),
    Key(
      "connector.fetch.bandwidth",
      \.connector.fetch.bandwidth,
      .whole(1 << 10...1 << 40),
      "Most bytes of contents a second, on average."
    ),
    Key(
      "connector.fetch.max_pending",
      \.connector.fetch.maxPending,
      .whole(1...50_000),
      "Most requests under way. What else is announced waits: 50,000 things at most, 5000 of each peer."
    ),
    Key(
      "connector.fetch.timeout",
      \.connector.fetch.timeout,
      .seconds(0.1...3600),
      "Seconds that a peer may take until the next is asked."
    ),
    Key(
      "connector.network",
      \.connector.network,
      .networkName,
      """
      The network: \(knownNetworks.joined(separator: ", ")), or one that networks describes. It gives
      the magic, the usual port and the protocol version.
      """
    ),
    Key(
      "connector.onion_proxy",
      \.connector.onionProxies,
      Kind.endpoint.oneOrMore(),
      example: quoted("127.0.0.1:9050"),
      """
      The SOCKS5 proxy through which onion addresses are reached: Tor's; or a list of several, used in turn. Each
      connection gets a circuit of its own. By default none.
      """
    ),
    Key(
      "connector.i2p_sam",
      \.connector.i2pBridges,
      Kind.endpoint.oneOrMore(),
      example: quoted("127.0.0.1:7656"),
      """
      Where an I2P router serves SAM 3.1, through which I2P addresses are reached; or a list of several, used in turn.
      By default none.
      """
    ),
    Key(
      "connector.relay",
      \.connector.relay,
      .truth,
      "Whether peers are asked to announce transactions to us (BIP 37)."
    ),
  ]

  /// BIP 14 keeps `/ : ( )` for itself.
  private static let contact = Kind.text(
    "text of 1 to 200 bytes without / : ( )",
    bytes: 1...200,
    isAllowed: { $0 >= 0x20 && $0 < 0x7F && !"/:()".utf8.contains($0) }
  )
}
