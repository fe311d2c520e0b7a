extension Configuration {
  /// The section `permissions`: the user and group of a program that is started as root, and access to its
  /// sockets.
  public struct Permissions: Equatable, Sendable {
    /// The user's name; nil to stay the same user.
    public internal(set) var username: String?
    /// The group's name; nil for the user's own. The unix sockets belong to it.
    public internal(set) var group: String?
    /// The permissions of the unix sockets.
    public internal(set) var socketMode: UInt32 = 0o660
    /// Absolute path of the file of the key that authenticates servers and clients on TCP; nil for none.
    public internal(set) var keyFile: String?
  }

  /// The section `logger`: the log server.
  public struct Logger: Equatable, Sendable {
    /// The folder of the programs' sockets, absolute, with a trailing slash; by default `/run/netmine/`,
    /// `$XDG_RUNTIME_DIR/netmine/` or `/tmp/netmine/`.
    public internal(set) var root = ""
    /// Bytes of memory for one slow reader; 4096 … 2^40.
    public internal(set) var maxBuffer = 128 << 20
    /// Bytes of memory for all readers together; 2^20 … 2^40.
    public internal(set) var maxTotalBuffer = 512 << 20
    /// Bytes of memory for partial records of all connections together; 2^20 … 2^40.
    public internal(set) var maxUnfinished = 64 << 20
    /// The TCP endpoint on which sources are accepted too; nil for none.
    public internal(set) var publishListen: TCPEndpoint?
    /// The TCP endpoint on which readers are accepted too; nil for none.
    public internal(set) var subscribeListen: TCPEndpoint?
    /// The log server's address for sources: a unix socket's absolute path, or an address and a port.
    public internal(set) var publishAddress = ""
    /// The log server's address for readers: a unix socket's absolute path, or an address and a port.
    public internal(set) var subscribeAddress = ""
    /// Seconds that acknowledgements wait for an archiving reader that has disconnected or not connected yet;
    /// 0 … 86,400.
    public internal(set) var archiveGrace = 60.0
  }

  /// The section `verbatim`: the archive.
  public struct Verbatim: Equatable, Sendable {
    /// The folder of the archive, absolute, with a trailing slash; by default "archive/" under `logger.root`,
    /// or under `/var/lib/netmine/` or `~/.local/state/netmine/` if the default root is a runtime folder.
    public internal(set) var logPath = ""
    /// The format of records.
    public internal(set) var format = Format.native
    /// When written records are synchronised to disk.
    public internal(set) var fsync = Synchronisation.none
    /// Seconds between two synchronisations for `.interval`; 0.01 … 3600.
    public internal(set) var fsyncInterval = 1.0
    /// Seconds after which a rotation ends whose second signal is missing; 0.01 … 86,400.
    public internal(set) var rotationTimeout = 30.0
    /// Bytes after which a new file is begun; 0 for never.
    public internal(set) var rotateSize: UInt64 = 0
    /// Seconds after which a new file is begun, at whole multiples since the Unix epoch; 0 for never.
    public internal(set) var rotateInterval = 0.0
    /// Zstandard's level for files that verbatim closes itself; 0 for no compression.
    public internal(set) var compression = 3
    /// The most bytes of all files that verbatim closed itself; 0 for no limit.
    public internal(set) var keepBytes: UInt64 = 0
    /// Days after which such files are deleted; 0 for never.
    public internal(set) var keepDays = 0.0

    /// The format of an archive's records.
    public enum Format: String, CaseIterable, Sendable {
      /// As the log server forwards them.
      case native
      /// As coinscope's programs read and write them.
      case coinscope
    }

    /// When written records are synchronised to disk.
    public enum Synchronisation: String, CaseIterable, Sendable {
      /// Never: the kernel writes them in its own time.
      case none
      /// Every `fsyncInterval` seconds.
      case interval
      /// After each batch of records.
      case batch
    }

    /// Whether verbatim closes files by size or time, without a signal.
    public var rotatesItself: Bool { rotateSize > 0 || rotateInterval > 0 }
  }

  /// The section `getaddr`: asking all peers for addresses.
  public struct Getaddr: Equatable, Sendable {
    /// The times of day: every minute of `minutes` in every hour of `hours`, in local time.
    public struct Schedule: Equatable, Sendable {
      /// Hours of the day, 0 … 23.
      public internal(set) var hours = [0, 4, 8, 12, 16, 20]
      /// Minutes of the hour, 0 … 59.
      public internal(set) var minutes = [15]
    }

    /// The times at which peers are asked.
    public internal(set) var schedule = Schedule()
    /// Probability that an address in an answer is selected; 0 … 1.
    public internal(set) var samplingRate = 0.1
  }
}
