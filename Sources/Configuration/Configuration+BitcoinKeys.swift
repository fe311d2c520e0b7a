extension Configuration {
  /// The keys of what the connector says to peers, and when.
  static let bitcoinKeys: [Key] = [
    Key(
      "connector.bitcoin.listeners",
      \.connector.bitcoin.listeners,
      Kind.listener.list(),
      example: "( ( \"AF_INET\", \"127.0.0.1\", 8334, 128 ) )",
      """
      Where peers may connect to us: a list of (family "AF_INET" or "AF_INET6", address, port,
      backlog). Port 0 lets the system choose. By default nowhere.
      """
    ),
    Key(
      "connector.bitcoin.ping_frequency",
      \.connector.bitcoin.pingFrequency,
      .seconds(0...86_400),
      "Seconds between two pings of each peer, whose round trips are timed. 0 means never."
    ),
    Key(
      "connector.bitcoin.active_ping.mean",
      \.connector.bitcoin.activePing.mean,
      .seconds(0...86_400),
      """
      Mean seconds between two announcements of ourselves to each peer: an addr message with the
      address we listen on first or, where we listen nowhere, a ping. They are at least 5 seconds
      apart. 0 means never.
      """
    ),
    Key(
      "connector.bitcoin.active_ping.stddev",
      \.connector.bitcoin.activePing.standardDeviation,
      .seconds(0...86_400),
      "Standard deviation of those seconds."
    ),
    Key(
      "connector.bitcoin.active_ping.address",
      \.connector.bitcoin.activePing.address,
      Kind.text("an address and a port", bytes: 1...120).optional(),
      example: "\"203.0.113.5:8333\"",
      """
      The address that is announced, of any network; to peers that take addrv2 (BIP155) in that, to others
      in addr where it can say it. By default the one we listen on first.
      """
    ),
    Key(
      "connector.bitcoin.start_height",
      \.connector.bitcoin.startHeight,
      .whole(0...Int32.max),
      "Height of the block chain that peers are told we have, at least."
    ),
    Key(
      "connector.bitcoin.follow_height",
      \.connector.bitcoin.followHeight,
      .truth,
      "Whether that follows the median of what the last 101 peers we dialled told of theirs."
    ),
    Key(
      "connector.bitcoin.announce_block",
      \.connector.bitcoin.announceBlock,
      .whole(0...10_000),
      """
      How many peers that we dialled must have announced a block until all other peers are told of it, by
      inv, as those who serve the network do. 0 means never.
      """
    ),
    Key(
      "connector.bitcoin.max_inbound",
      \.connector.bitcoin.maxInbound,
      .whole(0...1_000_000),
      "Most connections that peers made to us. Further ones are closed."
    ),
    Key(
      "connector.bitcoin.max_inbound_per_address",
      \.connector.bitcoin.maxInboundPerAddress,
      .whole(1...1_000_000),
      """
      Most of them from one address, of IPv6 from one /64. Where an onion service forwards to us, all its
      peers come from one address.
      """
    ),
    Key(
      "connector.bitcoin.inbound_rate",
      \.connector.bitcoin.inboundRate,
      .real(0...1_000_000, "connects a second"),
      "Most connects a second from one such address, with four seconds' worth at once. 0 means any."
    ),
    Key(
      "connector.bitcoin.magic",
      \.connector.bitcoin.magic,
      Kind.bits.optional(),
      example: "0xD9B4BEF9L",
      "First four bytes of every message, as a little-endian number. By default the network's own."
    ),
    Key(
      "connector.bitcoin.max_version",
      \.connector.bitcoin.maxVersion,
      Kind.whole(0...Int32.max).optional(),
      example: "70016",
      "Protocol version that peers are told we speak. By default the network's own."
    ),
    Key(
      "connector.bitcoin.min_version",
      \.connector.bitcoin.minVersion,
      .whole(0...Int32.max),
      "Lowest protocol version of a peer we stay connected to."
    ),
    Key(
      "connector.bitcoin.services",
      \.connector.bitcoin.services,
      .bits,
      "Services that peers are told we offer, one bit each. We offer none."
    ),
    Key(
      "connector.bitcoin.connect_timeout",
      \.connector.bitcoin.connectTimeout,
      .seconds(0.1...3600),
      "Seconds that connecting to a peer may take."
    ),
    Key(
      "connector.bitcoin.handshake_timeout",
      \.connector.bitcoin.handshakeTimeout,
      .seconds(0.1...3600),
      "Seconds that the handshake with a connected peer may take."
    ),
    Key(
      "connector.bitcoin.message_timeout",
      \.connector.bitcoin.messageTimeout,
      .seconds(0...86_400),
      """
      Seconds that a message may take from its first byte to its last: long enough for a block of 4 MB
      over Tor. 0 means any.
      """
    ),
    Key(
      "connector.bitcoin.pong_timeout",
      \.connector.bitcoin.pongTimeout,
      .seconds(0...86_400),
      "Seconds that a peer may take to answer a ping; Bitcoin Core's own. 0 means any."
    ),
    Key(
      "connector.bitcoin.silence_timeout",
      \.connector.bitcoin.silenceTimeout,
      .seconds(0...86_400),
      "Seconds without a byte from a peer until the connection is closed; Bitcoin Core's own. 0 means never."
    ),
  ]
}
