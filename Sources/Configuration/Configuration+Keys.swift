extension Configuration {
  /// Every key, in the order of the file: reading it, checking it and writing its default all start here.
  public static let keys =
    generalKeys + verbatimKeys + getaddrKeys + crawlKeys + reverseKeys + geoKeys + nodeDatabaseKeys
    + networkKeys + connectorKeys + bitcoinKeys

  /// The keys of all programs, and of the log server.
  private static let generalKeys: [Key] = [
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
      example: quoted("/run/netmine/run/"),
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
      "permissions.socket_mode",
      \.permissions.socketMode,
      .mode,
      "The permissions of the programs' unix sockets, in octal digits."
    ),
    Key(
      "permissions.key_file",
      \.permissions.keyFile,
      Kind.path("a file", isFolder: false).optional(),
      example: quoted("/etc/netmine/key"),
      """
      File of a key, 64 hexadecimal digits, that servers and clients on TCP prove to each other to know.
      Keep it from others (chmod 640). What is said afterwards can be read on the way: put a tunnel
      under it. By default none: TCP is for loopback only.
      """
    ),
    Key(
      "logger.root",
      \.logger.root,
      .path("a folder", isFolder: true, limit: DefaultFolders.rootLimit),
      example: quoted("/run/netmine/"),
      """
      Folder of the sockets of all programs. Only root, the user that runs the programs and those that
      permissions names may own it or write to it. By default /run/netmine/ for root and
      $XDG_RUNTIME_DIR/netmine/ for others, or /run/netmine/ if it belongs to them; /tmp/netmine/ if there
      is none of these.
      """
    ),
    Key(
      "logger.max_buffer",
      \.logger.maxBuffer,
      .whole(4096...1 << 40),
      """
      Bytes of memory for one reader that is too slow, with what the log server itself takes: 32 MiB of
      it, or half. Beyond, a reader of the native stream gets a gap record, a reader of coinscope's is
      disconnected.
      """
    ),
    Key(
      "logger.max_total_buffer",
      \.logger.maxTotalBuffer,
      .whole(1 << 20...1 << 40),
      """
      Bytes of memory for all readers together. Beyond, the reader for whom most is kept gives way: it
      gets a gap record, or is disconnected.
      """
    ),
    Key(
      "logger.max_unfinished",
      \.logger.maxUnfinished,
      .whole(1 << 20...1 << 40),
      """
      Bytes of memory for records that were sent in part, of all connections together. Beyond, the
      connection is refused whose record has been unfinished for longest.
      """
    ),
    Key(
      "logger.publish_listen",
      \.logger.publishListen,
      Kind.listening.optional(),
      example: quoted("127.0.0.1:8341"),
      """
      Where sources may also publish over TCP; beyond loopback only with permissions.key_file. Port 0 lets the system choose. By
      default nowhere.
      """
    ),
    Key(
      "logger.subscribe_listen",
      \.logger.subscribeListen,
      Kind.listening.optional(),
      example: quoted("127.0.0.1:8342"),
      """
      Where readers may also subscribe over TCP; beyond loopback only with permissions.key_file. Port 0 lets the system choose. By
      default nowhere.
      """
    ),
    Key(
      "logger.publish_address",
      \.logger.publishAddress,
      .server,
      example: quoted("127.0.0.1:8341"),
      "Where sources look for the log server. By default the unix socket publish in logger.root."
    ),
    Key(
      "logger.subscribe_address",
      \.logger.subscribeAddress,
      .server,
      example: quoted("127.0.0.1:8342"),
      "Where readers look for the log server. By default the unix socket subscribe in logger.root."
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
  ]

  /// When peers are asked for addresses.
  private static let getaddrKeys: [Key] = [
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
  ]

  private static func name(_ what: String) -> Kind<String> {
    .text("\(what), of 1 to 255 bytes", bytes: 1...255)
  }
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
