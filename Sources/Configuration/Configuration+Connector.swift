extension Configuration {
  /// The connector.
  public struct Connector: Equatable, Sendable {
    /// The unix socket it takes commands on, absolute; by default "control" under `logger.root`.
    public internal(set) var controlPath = ""
    /// How many clients may wait to be accepted there, `listen`'s backlog; 1 … 65,535.
    public internal(set) var controlListen = 128
    /// Where it takes commands over TCP too; loopback.
    public internal(set) var controlTCP: TCPEndpoint?
    /// How many messages clients may have registered at one time; 1 … 2^24.
    public internal(set) var messagePoolSize = 1024
    /// File of the addresses that are neither dialled nor let in, absolute.
    public internal(set) var blacklist: String?
    /// Whom a peer's operator may write to, part of the default user agent (BIP 14's comment).
    public internal(set) var contact = "netmine@operator.example"
    /// What peers are told we are (BIP 14), at most 256 bytes.
    public internal(set) var userAgent = ""
    /// Bytes of records kept to be sent again, until the log server has acknowledged them; 2^16 … 2^40.
    public internal(set) var logBuffer = 64 << 20
    /// Seconds without an acknowledgement for which peers are not read from once `logBuffer` is full, before the oldest
    /// records give way.
    public internal(set) var logPatience = 30.0
    /// The network's name, known or one of `networks`. It gives the magic and the port peers listen on.
    public internal(set) var network = "mainnet"
    /// SOCKS5 proxies for onion addresses, used in turn.
    public internal(set) var onionProxies: [TCPEndpoint] = []
    /// SAM bridges of I2P routers for I2P addresses, used in turn.
    public internal(set) var i2pBridges: [TCPEndpoint] = []
    /// Whether peers are asked to announce transactions (BIP 37); without, none does.
    public internal(set) var relay = true
    /// What a client of the control socket may have.
    public internal(set) var client = Client()
    /// Connecting to peers.
    public internal(set) var dial = Dial()
    /// Asking for the contents of what peers announce.
    public internal(set) var fetch = Fetch()
    /// Bytes of all registered messages together; 2^10 … 2^40.
    public internal(set) var messagePoolBytes = 64 << 20
    /// Bytes of memory that peers may take, for what they sent in part and what waits for them; 2^20 … 2^40.
    public internal(set) var peerMemory = 256 << 20
    /// What is said to peers, and when.
    public internal(set) var bitcoin = Bitcoin()
  }

  /// Connecting to peers, whoever asks for it.
  public struct Dial: Equatable, Sendable {
    /// Most connects begun a second; 0 … 1,000,000, 0 for any number.
    public internal(set) var rate = 0.0
    /// Most connects under way, their handshakes included; 1 … 1,000,000.
    public internal(set) var inFlight = 4096
    /// Most connects that wait until they may begin; 1 … 2^24.
    public internal(set) var queue = 200_000
    /// Most connections of ours to one network group, those under way included; 0 … 1,000,000, 0 for any number.
    public internal(set) var groupLimit = 0
    /// Addresses of ours to connect from, those of the peer's family in turn; empty: the system chooses.
    public internal(set) var bind: [IPAddress] = []
    /// Seconds that connecting through a proxy may take; 0.1 … 3600.
    public internal(set) var proxyTimeout = 60.0
    /// Seconds until a kept connection that has ended is dialled again; 0.1 … 86,400.
    public internal(set) var keepDelay = 2.0
    /// Most seconds until then, each failure doubling them; 0.1 … 604,800.
    public internal(set) var keepMaxDelay = 600.0
  }

  /// Asking for the contents of what peers announce.
  public struct Fetch: Equatable, Sendable {
    /// Whether transactions are asked for.
    public internal(set) var transactions = false
    /// Whether blocks are asked for.
    public internal(set) var blocks = false
    /// Most requests a second; 0.1 … 1,000,000.
    public internal(set) var rate = 100.0
    /// Most bytes of contents a second, on average; 2^10 … 2^40.
    public internal(set) var bandwidth = 4 << 20
    /// Most requests under way; 1 … 50,000.
    public internal(set) var maxPending = 1000
    /// Seconds that a peer may take until the next is asked; 0.1 … 3600.
    public internal(set) var timeout = 20.0
  }

  /// What a client of the control socket may have.
  public struct Client: Equatable, Sendable {
    /// Most clients at a time; 1 … 100,000.
    public internal(set) var limit = 1000
    /// Seconds until its first request; 0 … 86,400, 0 for any.
    public internal(set) var helloTimeout = 60.0
    /// Bytes of its longest request; 2^10 … 2^23.
    public internal(set) var maxFrame = 8 << 20
    /// Bytes of replies that may wait before its requests do; 2^10 … 2^30.
    public internal(set) var maxWaiting = 4 << 20
    /// Bytes of memory that unfinished requests and waiting replies of all clients may take together; 2^20 … 2^40.
    public internal(set) var memory = 64 << 20
    /// How many messages it may have registered; 1 … 2^24.
    public internal(set) var maxMessages = 1024
  }

  /// An address where peers may connect to us.
  public struct Listener: Equatable, Sendable {
    /// The address and port; port 0 lets the system choose.
    public let endpoint: TCPEndpoint
    /// How many peers may wait to be accepted, `listen`'s backlog; 1 … 65,535.
    public let backlog: Int
  }
}
