extension Configuration {
  /// Whom a program becomes when it is started as root.
  public struct Permissions: Equatable, Sendable {
    /// The user's name; nil to stay who one is.
    public internal(set) var username: String?
    /// The group's name; nil for the user's own. Our unix sockets belong to it.
    public internal(set) var group: String?
    /// The permissions of our unix sockets' files.
    public internal(set) var socketMode: UInt32 = 0o660
    /// File of the key that servers and clients on TCP prove to know, absolute; nil for none.
    public internal(set) var keyFile: String?
  }

  /// The log server.
  public struct Logger: Equatable, Sendable {
    /// Folder of the programs' sockets, absolute, with its last slash; by default `/run/netmine/` or
    /// `$XDG_RUNTIME_DIR/netmine/`, or else `/tmp/netmine/`.
    public internal(set) var root = ""
    /// Bytes of memory for one reader that is too slow; 4096 … 2^40.
    public internal(set) var maxBuffer = 128 << 20
    /// Bytes of memory for all readers together; 2^20 … 2^40.
    public internal(set) var maxTotalBuffer = 512 << 20
    /// Bytes of memory for records that were sent in part, of all connections together; 2^20 … 2^40.
    public internal(set) var maxUnfinished = 64 << 20
    /// Where sources may also publish over TCP.
    public internal(set) var publishListen: TCPEndpoint?
    /// Where readers may also subscribe over TCP.
    public internal(set) var subscribeListen: TCPEndpoint?
    /// Where sources look for it: a unix socket's absolute path or an address and a port.
    public internal(set) var publishAddress = ""
    /// Where readers look for it: a unix socket's absolute path or an address and a port.
    public internal(set) var subscribeAddress = ""
    /// Seconds that acknowledgements wait for an archiving reader that left or has not come; 0 … 86,400.
    public internal(set) var archiveGrace = 60.0
  }

  /// The archive.
  public struct Verbatim: Equatable, Sendable {
    /// Folder of the archive, absolute, with its last slash; by default "archive/" under `logger.root`, or under
    /// `/var/lib/netmine/` or `~/.local/state/netmine/` where that is a runtime folder by default.
    public internal(set) var logPath = ""
    /// How records are written.
    public internal(set) var format = Format.native
    /// When the disk is asked to keep what is written.
    public internal(set) var fsync = Synchronisation.none
    /// Seconds between two, where that is `.interval`; 0.01 … 3600.
    public internal(set) var fsyncInterval = 1.0
    /// Seconds after which a rotation whose second signal does not come is ended; 0.01 … 86,400.
    public internal(set) var rotationTimeout = 30.0
    /// Bytes after which a new file is begun; 0 for never.
    public internal(set) var rotateSize: UInt64 = 0
    /// Seconds after which a new file is begun, at whole multiples since the Unix epoch; 0 for never.
    public internal(set) var rotateInterval = 0.0
    /// Zstandard's level for files closed by ourselves; 0 for none.
    public internal(set) var compression = 3
    /// Bytes that files closed by ourselves may have together; 0 for any.
    public internal(set) var keepBytes: UInt64 = 0
    /// Days after which they are deleted; 0 for never.
    public internal(set) var keepDays = 0.0

    /// How an archive's records are laid out.
    public enum Format: String, CaseIterable, Sendable {
      /// As the log server forwards them.
      case native
      /// As coinscope's programs read and write them.
      case coinscope
    }

    /// When the disk is asked to keep what is written.
    public enum Synchronisation: String, CaseIterable, Sendable {
      /// Never: the kernel writes it when it likes.
      case none
      /// Every so many seconds.
      case interval
      /// After each batch that is written.
      case batch
    }

    /// Whether files are closed without a signal.
    public var rotatesItself: Bool { rotateSize > 0 || rotateInterval > 0 }
  }

  /// Asking all peers for the addresses they know.
  public struct Getaddr: Equatable, Sendable {
    /// When it is done: at each of the minutes of each of the hours, in local time.
    public struct Schedule: Equatable, Sendable {
      /// Hours of the day, 0 … 23.
      public internal(set) var hours = [0, 4, 8, 12, 16, 20]
      /// Minutes of the hour, 0 … 59.
      public internal(set) var minutes = [15]
    }

    /// When it is done.
    public internal(set) var schedule = Schedule()
    /// Probability that an address of an answer is looked at further; 0 … 1.
    public internal(set) var samplingRate = 0.1
  }
}
