import ArgumentParser
import Configuration

/// The archive's own options. Each one overrides a configuration key and follows that key's rules.
struct ArchiveOptions: ParsableArguments {
  @Option(help: ArgumentHelp("File format: native or coinscope. Sets verbatim.format.", valueName: "format"))
  var format: String?

  @Option(
    help: ArgumentHelp(
      "When to flush to disk: none, interval or batch. Sets verbatim.fsync.",
      valueName: "when"
    )
  )
  var fsync: String?

  @Option(
    help: ArgumentHelp(
      "Seconds between flushes with --fsync interval. Sets verbatim.fsync_interval.",
      valueName: "seconds"
    )
  )
  var fsyncInterval: String?

  @Option(
    help: ArgumentHelp(
      "Close a segment when it has N bytes; 0 is never. Sets verbatim.rotate_size.",
      valueName: "bytes"
    )
  )
  var rotateSize: String?

  @Option(
    help: ArgumentHelp(
      "Close a segment every N seconds; 0 is never. Sets verbatim.rotate_interval.",
      valueName: "seconds"
    )
  )
  var rotateInterval: String?

  @Option(
    help: ArgumentHelp(
      "Reopen the file if SIGUSR2 does not come within N seconds. Sets verbatim.rotation_timeout.",
      valueName: "seconds"
    )
  )
  var rotationTimeout: String?

  @Option(
    help: ArgumentHelp(
      "Zstandard level for closed segments, 1 to 19; 0 is none. Sets verbatim.compression.",
      valueName: "level"
    )
  )
  var compression: String?

  @Option(
    help: ArgumentHelp(
      "Delete the oldest closed segments beyond N bytes in all. Sets verbatim.keep_bytes.",
      valueName: "bytes"
    )
  )
  var keepBytes: String?

  @Option(
    help: ArgumentHelp("Delete closed segments after N days. Sets verbatim.keep_days.", valueName: "days")
  )
  var keepDays: String?

  /// The configuration overrides that the given options make.
  var overrides: [Configuration.Override] {
    let given = [
      ("format", format), ("fsync", fsync), ("fsync-interval", fsyncInterval), ("rotate-size", rotateSize),
      ("rotate-interval", rotateInterval), ("rotation-timeout", rotationTimeout),
      ("compression", compression), ("keep-bytes", keepBytes), ("keep-days", keepDays),
    ]
    return given.compactMap { name, text in
      text.map {
        let key = "verbatim." + String(name.map { $0 == "-" ? "_" : $0 })
        return Configuration.Override(option: "--\(name) \($0)", key: key, text: $0)
      }
    }
  }
}
