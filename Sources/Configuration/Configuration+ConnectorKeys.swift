extension Configuration {
  /// The keys under `connector`, except `connector.bitcoin`.
  static let connectorKeys: [Key] = [
    Key(
      "connector.control_path",
      \.connector.controlPath,
      .path("a unix socket", isFolder: false, limit: 107),
      example: quoted("/run/netmine/control"),
      "The control socket for clients. By default control in logger.root."
    ),
    Key(
      "connector.control_listen",
      \.connector.controlListen,
      .whole(1...65_535),
      "The backlog of the control socket (listen(2))."
    ),
    Key(
      "connector.control_tcp",
      \.connector.controlTCP,
      Kind.listening.optional(),
      example: quoted("127.0.0.1:8340"),
      """
      TCP address for clients; beyond loopback only with permissions.key_file. Port 0 lets the system
      choose. By default none.
      """
    ),
    Key(
      "connector.client.limit",
      \.connector.client.limit,
      .whole(1...100_000),
      "The most clients at a time. Further ones get a failure message and are closed."
    ),
    Key(
      "connector.client.hello_timeout",
      \.connector.client.helloTimeout,
      .seconds(0...86_400),
      "Seconds for a client to send its first request. 0 means no limit."
    ),
    Key(
      "connector.client.max_frame",
      \.connector.client.maxFrame,
      .whole(1 << 10...8 << 20),
      "The most bytes of a client's request. The longest message or 10,000 endpoints fit into 8 MiB."
    ),
    Key(
      "connector.client.max_waiting",
      \.connector.client.maxWaiting,
      .whole(1 << 10...1 << 30),
      """
      Bytes of replies and events that may wait for a client. Beyond this, its further requests wait until
      it has read them. Beyond 16 times this, it is disconnected.
      """
    ),
    Key(
      "connector.client.memory",
      \.connector.client.memory,
      .whole(1 << 20...1 << 40),
      """
      Bytes of memory for all clients together: partial requests, and replies and events that wait. Beyond
      this, the client with the oldest partial request is closed, or the client with the most memory.
      """
    ),
    Key(
      "connector.client.max_messages",
      \.connector.client.maxMessages,
      .whole(1...1 << 24),
      "The most messages that one client may have registered."
    ),
    Key(
      "connector.msg_pool_bytes",
      \.connector.messagePoolBytes,
      .whole(1 << 10...1 << 40),
      "The most bytes of all registered messages together."
    ),
    Key(
      "connector.msg_pool_size",
      \.connector.messagePoolSize,
      .whole(1...1 << 24),
      "The most registered messages of all clients together."
    ),
    Key(
      "connector.blacklist",
      \.connector.blacklist,
      Kind.path("a file", isFolder: false).optional(),
      example: quoted("/etc/netmine/blacklist.txt"),
      """
      File of addresses that are neither dialled nor accepted: one address or network (address/bits) on each
      line, # for comments. By default none.
      """
    ),
    Key(
      "connector.contact",
      \.connector.contact,
      contact,
      """
      A contact for node operators with questions about this observer; part of the default user agent.
      Please set it before you observe a public network.
      """
    ),
    Key(
      "connector.user_agent",
      \.connector.userAgent,
      .text("text of 1 to 256 bytes", bytes: 1...256),
      example: quoted("/Netmine:\(Netmine.version)(you@your.example)/"),
      """
      The user agent in our version message (BIP 14). By default Netmine and its version, with the contact
      in parentheses.
      """
    ),
    Key(
      "connector.log_buffer",
      \.connector.logBuffer,
      .whole(1 << 16...1 << 40),
      """
      Bytes of records kept until every archive has acknowledged them. Peers are read more slowly before
      this is reached. While there is no log server, further records are dropped and counted.
      """
    ),
    Key(
      "connector.log_patience",
      \.connector.logPatience,
      .real(0...1_000_000, "seconds"),
      """
      Seconds that peers are not read while log_buffer is full and no archive acknowledges anything. Then
      the oldest sent records are discarded.
      """
    ),
    Key(
      "connector.dial.rate",
      \.connector.dial.rate,
      .real(0...1_000_000, "connects a second"),
      "The most connects begun a second, for all clients together. 0 means no limit. Clients take turns."
    ),
    Key(
      "connector.dial.in_flight",
      \.connector.dial.inFlight,
      .whole(1...1_000_000),
      "The most connects under way, including handshakes. Further ones wait in the queue."
    ),
    Key(
      "connector.dial.queue",
      \.connector.dial.queue,
      .whole(1...1 << 24),
      "The most connects in the queue. Further ones are refused."
    ),
    Key(
      "connector.dial.group_limit",
      \.connector.dial.groupLimit,
      .whole(0...1_000_000),
      """
      The most outbound connections to one network group, grouped as in Bitcoin Core (/16 of IPv4, /32 of
      IPv6, …; all unroutable addresses are one group). 0 means no limit.
      """
    ),
    Key(
      "connector.dial.bind",
      \.connector.dial.bind,
      Kind.address.list(),
      example: "( \"192.0.2.7\", \"2001:db8::7\" )",
      """
      Local addresses to connect from if a client does not choose one. Those of the peer's family are used
      in turn. By default the system chooses. Connects to proxies do not use them.
      """
    ),
    Key(
      "connector.dial.proxy_timeout",
      \.connector.dial.proxyTimeout,
      .seconds(0.1...3600),
      "Seconds for a connect through a proxy, and for opening a session with an I2P router."
    ),
    Key(
      "connector.dial.keep_delay",
      \.connector.dial.keepDelay,
      .seconds(0.1...86_400),
      """
      Seconds until a kept connection that has ended is dialled again. Each failure doubles the delay. It is
      spread at random from half to one and a half of it.
      """
    ),
    Key(
      "connector.dial.keep_max_delay",
      \.connector.dial.keepMaxDelay,
      .seconds(0.1...604_800),
      "Seconds beyond which the delay is not doubled."
    ),
    Key(
      "connector.peer_memory",
      \.connector.peerMemory,
      .whole(1 << 20...1 << 40),
      """
      Bytes of memory for all peers together: partial messages, and data that waits to be sent. Beyond this,
      the peers with the most memory are closed until three quarters are in use.
      """
    ),
    Key(
      "connector.fetch.transactions",
      \.connector.fetch.transactions,
      .truth,
      """
      Whether each announced transaction is requested once, so that the archive holds it: from its first
      announcer, then from the next.
      """
    ),
    Key(
      "connector.fetch.blocks",
      \.connector.fetch.blocks,
      .truth,
      "Whether each announced block is requested once, likewise."
    ),
    Key(
      "connector.fetch.rate",
      \.connector.fetch.rate,
      .real(0.1...1_000_000, "requests a second"),
      "The most requests a second."
    ),
    Key(
      "connector.fetch.bandwidth",
      \.connector.fetch.bandwidth,
      .whole(1 << 10...1 << 40),
      "The most bytes received a second, on average."
    ),
    Key(
      "connector.fetch.max_pending",
      \.connector.fetch.maxPending,
      .whole(1...50_000),
      "The most requests under way. Further announcements wait: 50,000 at most, 5000 of each peer."
    ),
    Key(
      "connector.fetch.timeout",
      \.connector.fetch.timeout,
      .seconds(0.1...3600),
      "Seconds until an unanswered request goes to the next peer."
    ),
    Key(
      "connector.network",
      \.connector.network,
      .networkName,
      """
      The network: \(knownNetworks.joined(separator: ", ")), or a name from networks. It determines the
      magic, default port and protocol version.
      """
    ),
    Key(
      "connector.onion_proxy",
      \.connector.onionProxies,
      Kind.endpoint.oneOrMore(),
      example: quoted("127.0.0.1:9050"),
      """
      The SOCKS5 proxy for onion addresses, usually Tor's; or a list of several, used in turn. Each
      connection gets a circuit of its own. By default none.
      """
    ),
    Key(
      "connector.i2p_sam",
      \.connector.i2pBridges,
      Kind.endpoint.oneOrMore(),
      example: quoted("127.0.0.1:7656"),
      """
      The SAM 3.1 address of the I2P router for I2P addresses; or a list of several, used in turn. By
      default none.
      """
    ),
    Key(
      "connector.relay",
      \.connector.relay,
      .truth,
      "Whether peers should announce transactions to us (BIP 37)."
    ),
  ]

  /// BIP 14 reserves `/ : ( )`.
  private static let contact = Kind.text(
    "text of 1 to 200 bytes without / : ( )",
    bytes: 1...200,
    isAllowed: { $0 >= 0x20 && $0 < 0x7F && !"/:()".utf8.contains($0) }
  )
}
