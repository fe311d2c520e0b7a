extension Configuration {
  /// The keys under `verbatim`.
  static let verbatimKeys: [Key] = [
    Key(
      "verbatim.logpath",
      \.verbatim.logPath,
      .path("a folder", isFolder: true),
      example: quoted("/var/lib/netmine/archive/"),
      """
      Folder of the archive; logrotate may rotate it. By default archive/ under logger.root. If logger.root
      is not set and its default is in /run, archive/ is under /var/lib/netmine/ for root and under
      ~/.local/state/netmine/ for other users.
      """
    ),
    Key(
      "verbatim.format",
      \.verbatim.format,
      .choice,
      "The format of records: native, or coinscope (docs/log-format.md)."
    ),
    Key(
      "verbatim.fsync",
      \.verbatim.fsync,
      .choice,
      """
      When records are synchronised to disk: none, interval, or batch (after each batch of records). Records
      are acknowledged to the log server only afterwards. With none they are acknowledged once the kernel
      has them: a crash loses none, a power failure may.
      """
    ),
    Key(
      "verbatim.fsync_interval",
      \.verbatim.fsyncInterval,
      .seconds(0.01...3600),
      "Seconds between two synchronisations if fsync is interval."
    ),
    Key(
      "verbatim.rotation_timeout",
      \.verbatim.rotationTimeout,
      .seconds(0.01...86_400),
      "Seconds after which the file is opened again if SIGUSR1 was not followed by SIGUSR2."
    ),
    Key(
      "verbatim.rotate_size",
      \.verbatim.rotateSize,
      .whole(0...1 << 50),
      """
      Bytes after which verbatim closes the file and begins a new one. 0 means never. Leave this and
      rotate_interval at 0 if logrotate does it.
      """
    ),
    Key(
      "verbatim.rotate_interval",
      \.verbatim.rotateInterval,
      .seconds(0...31_622_400),
      """
      Seconds after which verbatim closes the file and begins a new one, at whole multiples since 1970
      (3600: on the hour, UTC). 0 means never.
      """
    ),
    Key(
      "verbatim.compression",
      \.verbatim.compression,
      .whole(0...19),
      """
      Zstandard's level for files that verbatim closes itself, 1 (fast) to 19 (small). 0 means no
      compression.
      """
    ),
    Key(
      "verbatim.keep_bytes",
      \.verbatim.keepBytes,
      .whole(0...1 << 60),
      """
      The most bytes of all files that verbatim closed itself. Beyond this, the oldest are deleted. 0 means
      no limit.
      """
    ),
    Key(
      "verbatim.keep_days",
      \.verbatim.keepDays,
      .real(0...100_000, "days"),
      "Days after which such a file is deleted. 0 means never."
    ),
  ]
}
