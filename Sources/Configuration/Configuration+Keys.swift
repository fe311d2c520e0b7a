extension Configuration {
  /// Every key, in the order of the file: reading it, checking it and writing its default all start here.
  public static let keys: [Key] = [
    Key(
      "version",
      \.version,
      .choiceOfVersion,
      "Version of this file's format."
    ),
    Key(
      "run_path",
      \.runPath,
      .path("a folder", isFolder: true),
      example: quoted("/tmp/netmine/run/"),
      "Folder of the pid files. By default run/ under logger.root."
    ),
    Key(
      "permissions.username",
      \.permissions.username,
      name("a user's name").optional(),
      example: quoted("netmine"),
      "The user a program becomes when it is started as root. By default it stays who it is."
    ),
    Key(
      "permissions.group",
      \.permissions.group,
      name("a group's name").optional(),
      example: quoted("netmine"),
      """
      The group a program joins when it is started as root, and that its unix sockets belong to. By
      default the user's own.
      """
    ),
    Key(
      "logger.root",
      \.logger.root,
      .path("a folder", isFolder: true, limit: 80),
      "Folder of the log server's sockets."
    ),
    Key(
      "logger.max_buffer",
      \.logger.maxBuffer,
      .whole(4096...1 << 40),
      """
      Bytes kept for one reader that is too slow. Beyond, a reader of the native stream gets a gap
      record, a reader of coinscope's is disconnected.
      """
    ),
    Key(
      "logger.publish_listen",
      \.logger.publishListen,
      Kind.loopback.optional(),
      example: quoted("127.0.0.1:8341"),
      """
      Where sources may also publish over TCP; loopback only. Port 0 lets the system choose. By
      default nowhere.
      """
    ),
    Key(
      "logger.subscribe_listen",
      \.logger.subscribeListen,
      Kind.loopback.optional(),
      example: quoted("127.0.0.1:8342"),
      """
      Where readers may also subscribe over TCP; loopback only. Port 0 lets the system choose. By
      default nowhere.
      """
    ),
    Key(
      "logger.archive_grace",
      \.logger.archiveGrace,
      .seconds(0...86_400),
      """
      Seconds that acknowledgements wait for an archiving reader that left or has not come yet.
      Afterwards a record counts as safe once it is forwarded.
      """
    ),
    Key(
      "verbatim.logpath",
      \.verbatim.logPath,
      .path("a folder", isFolder: true),
      example: quoted("/tmp/netmine/archive/"),
      "Folder of the archive; works with logrotate. By default archive/ under logger.root."
    ),
    Key(
      "getaddr.schedule.hours",
      \.getaddr.schedule.hours,
      Kind.whole(0...23).list(),
      "Hours at which all peers are asked for addresses, in local time; at each minute below."
    ),
    Key(
      "getaddr.schedule.minutes",
      \.getaddr.schedule.minutes,
      Kind.whole(0...59).list(),
      "Minutes of those hours."
    ),
    Key(
      "getaddr.sampling_rate",
      \.getaddr.samplingRate,
      .real(0...1),
      "Probability that an address of an answer is sampled."
    ),
    Key(
      "connector.control_path",
      \.connector.controlPath,
      .path("a unix socket", isFolder: false, limit: 107),
      example: quoted("/tmp/netmine/control"),
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
      Kind.loopback.optional(),
      example: quoted("127.0.0.1:8340"),
      """
      Where commands are also taken over TCP; loopback only. Port 0 lets the system choose. By
      default nowhere.
      """
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
      Bytes of records kept to be sent again, until the log server has acknowledged them. Beyond,
      records are dropped and counted.
      """
    ),
    Key(
      "connector.network",
      \.connector.network,
      .choice,
      """
      The network: mainnet, testnet3, testnet4, signet, regtest or simnet. It gives the magic and the
      usual port.
      """
    ),
    Key(
      "connector.relay",
      \.connector.relay,
      .truth,
      "Whether peers are asked to announce transactions to us (BIP 37)."
    ),
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
      "Seconds without anything from a peer until it is pinged. 0 means never."
    ),
    Key(
      "connector.bitcoin.active_ping.mean",
      \.connector.bitcoin.activePing.mean,
      .seconds(0...86_400),
      "Mean seconds between two pings of a connection, whatever else happens on it. 0 means never."
    ),
    Key(
      "connector.bitcoin.active_ping.stddev",
      \.connector.bitcoin.activePing.standardDeviation,
      .seconds(0...86_400),
      "Standard deviation of those seconds."
    ),
    Key(
      "connector.bitcoin.start_height",
      \.connector.bitcoin.startHeight,
      .whole(0...Int32.max),
      "Height of the block chain that peers are told we have."
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
      .whole(0...Int32.max),
      "Protocol version that peers are told we speak."
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
  ]

  private static func name(_ what: String) -> Kind<String> {
    .text("\(what), of 1 to 255 bytes", bytes: 1...255)
  }

  /// BIP 14 keeps `/ : ( )` for itself.
  private static let contact = Kind.text(
    "text of 1 to 200 bytes without / : ( )",
    bytes: 1...200,
    isAllowed: { $0 >= 0x20 && $0 < 0x7F && !"/:()".utf8.contains($0) }
  )
}

extension Kind<String> {
  /// The version of the format.
  fileprivate static var choiceOfVersion: Kind {
    let text = text("\".2\"", bytes: 0...64)
    return Kind(expectation: text.expectation, isText: true) { setting throws(Mismatch) in
      let version = try text.read(setting)
      guard version == ".2" else { throw .range(setting, "only format \".2\" is known") }
      return version
    } render: {
      quoted($0)
    }
  }
}
