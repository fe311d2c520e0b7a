import ArgumentParser
import Configuration

/// The archive's own options: each sets a key of the configuration, whose rules hold.
struct ArchiveOptions: ParsableArguments {
  @Option(help: ArgumentHelp("native, or coinscope: verbatim.format.", valueName: "format"))
  var format: String?

  @Option(
    help: ArgumentHelp(
      "When the disk is made to keep it: none, interval or batch: verbatim.fsync.",
      valueName: "when"
    )
  )
  var fsync: String?

  @Option(help: ArgumentHelp("Seconds of --fsync interval: verbatim.fsync_interval.", valueName: "seconds"))
  var fsyncInterval: String?

  @Option(help: ArgumentHelp("Close segments of this size: verbatim.rotate_size.", valueName: "bytes"))
  var rotateSize: String?

  @Option(help: ArgumentHelp("Close segments this often: verbatim.rotate_interval.", valueName: "seconds"))
  var rotateInterval: String?

  @Option(
    help: ArgumentHelp(
      "Go on without SIGUSR2 after this time: verbatim.rotation_timeout.",
      valueName: "seconds"
    )
  )
  var rotationTimeout: String?

  @Option(help: ArgumentHelp("Zstandard's level for closed segments, 0 to 19.", valueName: "level"))
  var compression: String?

  @Option(
    help: ArgumentHelp("Delete the oldest closed segments beyond: verbatim.keep_bytes.", valueName: "bytes")
  )
  var keepBytes: String?

  @Option(help: ArgumentHelp("Delete closed segments older than: verbatim.keep_days.", valueName: "days"))
  var keepDays: String?

  /// What the options say of the configuration.
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
