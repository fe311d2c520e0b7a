extension Configuration {
  /// The keys under `connector.bitcoin`: listeners, pings, our `version`, limits and time-outs.
  static let bitcoinKeys: [Key] = [
    Key(
      "connector.bitcoin.listeners",
      \.connector.bitcoin.listeners,
      Kind.listener.list(),
      example: "( ( \"AF_INET\", \"127.0.0.1\", 8334, 128 ) )",
      """
      The addresses on which peers may connect to us: a list of (family "AF_INET" or "AF_INET6", address,
      port, backlog). Port 0 lets the system choose. By default none.
      """
    ),
    Key(
      "connector.bitcoin.ping_frequency",
      \.connector.bitcoin.pingFrequency,
      .seconds(0...86_400),
      "Seconds between two pings of each peer. The round trips are measured. 0 means never."
    ),
    Key(
      "connector.bitcoin.active_ping.mean",
      \.connector.bitcoin.activePing.mean,
      .seconds(0...86_400),
      """
      Mean seconds between two announcements of our address to each peer: an addr message with
      active_ping.address or the first address we listen on, or a ping if there is neither. The interval is
      at least 5 seconds. 0 means never.
      """
    ),
    Key(
      "connector.bitcoin.active_ping.stddev",
      \.connector.bitcoin.activePing.standardDeviation,
      .seconds(0...86_400),
      "Standard deviation of that interval, in seconds."
    ),
    Key(
      "connector.bitcoin.active_ping.address",
      \.connector.bitcoin.activePing.address,
      Kind.text("an address and a port", bytes: 1...120).optional(),
      example: "\"203.0.113.5:8333\"",
      """
      The address to announce, of any network. Peers that support addrv2 (BIP155) get it in addrv2, others
      in addr if addr can hold it. By default the first address we listen on.
      """
    ),
    Key(
      "connector.bitcoin.start_height",
      \.connector.bitcoin.startHeight,
      .whole(0...Int32.max),
      "The lowest block height in our version message."
    ),
    Key(
      "connector.bitcoin.follow_height",
      \.connector.bitcoin.followHeight,
      .truth,
      "Whether the height is raised to the median height of the last 101 outbound peers."
    ),
    Key(
      "connector.bitcoin.announce_block",
      \.connector.bitcoin.announceBlock,
      .whole(0...10_000),
      """
      The number of outbound peers that must announce a block before we announce it to all other peers by
      inv, as full nodes do. 0 means never.
      """
    ),
    Key(
      "connector.bitcoin.max_inbound",
      \.connector.bitcoin.maxInbound,
      .whole(0...1_000_000),
      "The most inbound connections. Further ones are closed."
    ),
    Key(
      "connector.bitcoin.max_inbound_per_address",
      \.connector.bitcoin.maxInboundPerAddress,
      .whole(1...1_000_000),
      """
      The most inbound connections from one IPv4 address or one IPv6 /64. If an onion service forwards to
      us, all its peers come from one address.
      """
    ),
    Key(
      "connector.bitcoin.inbound_rate",
      \.connector.bitcoin.inboundRate,
      .real(0...1_000_000, "connects a second"),
      """
      The most inbound connects a second from one such address, with bursts of four seconds' worth. 0 means
      no limit.
      """
    ),
    Key(
      "connector.bitcoin.magic",
      \.connector.bitcoin.magic,
      Kind.bits.optional(),
      example: "0xD9B4BEF9L",
      "The first four bytes of every message, as a little-endian number. By default the network's own."
    ),
    Key(
      "connector.bitcoin.max_version",
      \.connector.bitcoin.maxVersion,
      Kind.whole(0...Int32.max).optional(),
      example: "70016",
      "The protocol version in our version message. By default the network's own."
    ),
    Key(
      "connector.bitcoin.min_version",
      \.connector.bitcoin.minVersion,
      .whole(0...Int32.max),
      "The lowest protocol version accepted of a peer."
    ),
    Key(
      "connector.bitcoin.services",
      \.connector.bitcoin.services,
      .bits,
      "The services in our version message, one bit each. Netmine itself provides none."
    ),
    Key(
      "connector.bitcoin.connect_timeout",
      \.connector.bitcoin.connectTimeout,
      .seconds(0.1...3600),
      "Seconds for a connect to a peer."
    ),
    Key(
      "connector.bitcoin.handshake_timeout",
      \.connector.bitcoin.handshakeTimeout,
      .seconds(0.1...3600),
      "Seconds for the handshake with a connected peer."
    ),
    Key(
      "connector.bitcoin.message_timeout",
      \.connector.bitcoin.messageTimeout,
      .seconds(0...86_400),
      """
      Seconds from the first byte of a message to its last: long enough for a block of 4 MB over Tor. 0
      means no limit.
      """
    ),
    Key(
      "connector.bitcoin.pong_timeout",
      \.connector.bitcoin.pongTimeout,
      .seconds(0...86_400),
      "Seconds for a peer to answer a ping, as in Bitcoin Core. 0 means no limit."
    ),
    Key(
      "connector.bitcoin.silence_timeout",
      \.connector.bitcoin.silenceTimeout,
      .seconds(0...86_400),
      "Seconds without input from a peer before the connection is closed, as in Bitcoin Core. 0 means never."
    ),
  ]
}
