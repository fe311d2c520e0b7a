extension Configuration {
  /// Every key, in the order of the file. Reading, checking and writing the default file all use this table.
  public static let keys =
    generalKeys + verbatimKeys + getaddrKeys + crawlKeys + reverseKeys + geoKeys + nodeDatabaseKeys
    + networkKeys + connectorKeys + bitcoinKeys

  /// The keys of all programs and of the log server.
  private static let generalKeys: [Key] = [
    Key(
      "version",
      \.version,
      .choiceOfVersion,
      "The version of this file's format."
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
      "The user that a program started as root becomes. By default it stays root."
    ),
    Key(
      "permissions.group",
      \.permissions.group,
      name("a group's name").optional(),
      example: quoted("netmine"),
      """
      The group that a program started as root joins. Its unix sockets belong to this group. By default the
      user's own group.
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
      File of the key, 64 hexadecimal digits, by which servers and clients on TCP authenticate each other.
      Deny access to others (chmod 640). The traffic itself is not encrypted: use a tunnel. By default none:
      TCP is limited to loopback.
      """
    ),
    Key(
      "logger.root",
      \.logger.root,
      .path("a folder", isFolder: true, limit: DefaultFolders.rootLimit),
      example: quoted("/run/netmine/"),
      """
      Folder of all programs' sockets. Only root, the user that runs the programs, and the user and group in
      permissions may own it or write to it. By default /run/netmine/ for root and $XDG_RUNTIME_DIR/netmine/
      for other users, or /run/netmine/ if it belongs to them; otherwise /tmp/netmine/.
      """
    ),
    Key(
      "logger.max_buffer",
      \.logger.maxBuffer,
      .whole(4096...1 << 40),
      """
      Bytes of memory for one slow reader. The log server's own buffers take 32 MiB of it, or half if that
      is less. Beyond this, a native reader gets a gap record and a coinscope reader is disconnected.
      """
    ),
    Key(
      "logger.max_total_buffer",
      \.logger.maxTotalBuffer,
      .whole(1 << 20...1 << 40),
      """
      Bytes of memory for all readers together. Beyond this, the reader with the most memory gets a gap
      record or is disconnected.
      """
    ),
    Key(
      "logger.max_unfinished",
      \.logger.maxUnfinished,
      .whole(1 << 20...1 << 40),
      """
      Bytes of memory for partial records of all connections together. Beyond this, the connection with the
      oldest partial record is refused.
      """
    ),
    Key(
      "logger.publish_listen",
      \.logger.publishListen,
      Kind.listening.optional(),
      example: quoted("127.0.0.1:8341"),
      """
      TCP address on which the log server also accepts sources; beyond loopback only with
      permissions.key_file. Port 0 lets the system choose. By default none.
      """
    ),
    Key(
      "logger.subscribe_listen",
      \.logger.subscribeListen,
      Kind.listening.optional(),
      example: quoted("127.0.0.1:8342"),
      """
      TCP address on which the log server also accepts readers; beyond loopback only with
      permissions.key_file. Port 0 lets the system choose. By default none.
      """
    ),
    Key(
      "logger.publish_address",
      \.logger.publishAddress,
      .server,
      example: quoted("127.0.0.1:8341"),
      "The log server's address for sources. By default the unix socket publish in logger.root."
    ),
    Key(
      "logger.subscribe_address",
      \.logger.subscribeAddress,
      .server,
      example: quoted("127.0.0.1:8342"),
      "The log server's address for readers. By default the unix socket subscribe in logger.root."
    ),
    Key(
      "logger.archive_grace",
      \.logger.archiveGrace,
      .seconds(0...86_400),
      """
      Seconds that acknowledgements wait for an archiving reader that has disconnected or not connected yet.
      Then a record is acknowledged as soon as it is forwarded.
      """
    ),
  ]

  /// The keys under `getaddr`.
  private static let getaddrKeys: [Key] = [
    Key(
      "getaddr.schedule.hours",
      \.getaddr.schedule.hours,
      Kind.whole(0...23).list(),
      "Hours, in local time, at which all peers are asked for addresses."
    ),
    Key(
      "getaddr.schedule.minutes",
      \.getaddr.schedule.minutes,
      Kind.whole(0...59).list(),
      "Minutes of those hours at which they are asked."
    ),
    Key(
      "getaddr.sampling_rate",
      \.getaddr.samplingRate,
      .real(0...1),
      "Probability that an address in an answer is selected."
    ),
  ]

  private static func name(_ what: String) -> Kind<String> {
    .text("\(what), of 1 to 255 bytes", bytes: 1...255)
  }
}

extension Kind<String> {
  /// The version of the file's format.
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
