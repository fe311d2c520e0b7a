extension Configuration {
  /// The keys of the archive.
  static let verbatimKeys: [Key] = [
    Key(
      "verbatim.logpath",
      \.verbatim.logPath,
      .path("a folder", isFolder: true),
      example: quoted("/var/lib/netmine/archive/"),
      """
      Folder of the archive; works with logrotate. By default archive/ under logger.root; if that is not
      set and a folder in /run, under /var/lib/netmine/ for root, under ~/.local/state/netmine/ for others.
      """
    ),
    Key(
      "verbatim.format",
      \.verbatim.format,
      .choice,
      "How records are written: native, or coinscope (docs/log-format.md)."
    ),
    Key(
      "verbatim.fsync",
      \.verbatim.fsync,
      .choice,
      """
      When the disk is asked to keep what is written: none, interval, or batch (after each batch of
      records). The log server is told that records are safe only afterwards; with none, once the
      kernel has them, so that a power failure may lose what a crash does not.
      """
    ),
    Key(
      "verbatim.fsync_interval",
      \.verbatim.fsyncInterval,
      .seconds(0.01...3600),
      "Seconds between two, where fsync is interval."
    ),
    Key(
      "verbatim.rotation_timeout",
      \.verbatim.rotationTimeout,
      .seconds(0.01...86_400),
      "Seconds after which the file is opened again where SIGUSR1 was not followed by SIGUSR2."
    ),
    Key(
      "verbatim.rotate_size",
      \.verbatim.rotateSize,
      .whole(0...1 << 50),
      """
      Bytes after which verbatim closes the file by itself and begins a new one; 0 never. Leave both
      at 0 where logrotate does it.
      """
    ),
    Key(
      "verbatim.rotate_interval",
      \.verbatim.rotateInterval,
      .seconds(0...31_622_400),
      """
      Seconds after which it does the same, at whole multiples since 1970 (3600: on the hour, UTC); 0
      never.
      """
    ),
    Key(
      "verbatim.compression",
      \.verbatim.compression,
      .whole(0...19),
      """
      Zstandard's level for the files that verbatim closes by itself, 1 (fast) to 19 (small); 0 leaves
      them as they are.
      """
    ),
    Key(
      "verbatim.keep_bytes",
      \.verbatim.keepBytes,
      .whole(0...1 << 60),
      """
      Bytes that the files which verbatim closed by itself may have together; beyond, the oldest are
      deleted. 0 keeps all.
      """
    ),
    Key(
      "verbatim.keep_days",
      \.verbatim.keepDays,
      .real(0...100_000, "days"),
      "Days after which such a file is deleted; 0 keeps all."
    ),
  ]
}
