extension Configuration {
  /// The section `connector`.
  public struct Connector: Equatable, Sendable {
    /// Absolute path of the control socket; by default "control" under `logger.root`.
    public internal(set) var controlPath = ""
    /// The backlog of the control socket for `listen`; 1 … 65,535.
    public internal(set) var controlListen = 128
    /// The TCP endpoint on which clients are accepted too; loopback, unless `permissions.key_file` is set.
    /// Nil for none.
    public internal(set) var controlTCP: TCPEndpoint?
    /// The most messages that all clients together may have registered; 1 … 2^24.
    public internal(set) var messagePoolSize = 1024
    /// Absolute path of the file of addresses that are neither dialled nor accepted; nil for none.
    public internal(set) var blacklist: String?
    /// A contact for node operators, part of the default user agent (the comment in BIP 14).
    public internal(set) var contact = "netmine@operator.example"
    /// The user agent in our `version` (BIP 14), at most 256 bytes.
    public internal(set) var userAgent = ""
    /// Bytes of records kept until the log server has acknowledged them; 2^16 … 2^40.
    public internal(set) var logBuffer = 64 << 20
    /// Seconds that peers are not read while `logBuffer` is full and nothing is acknowledged. Then the oldest
    /// sent records are discarded.
    public internal(set) var logPatience = 30.0
    /// The network's name, built in or one of `networks`. It determines the magic, default port and protocol
    /// version.
    public internal(set) var network = "mainnet"
    /// SOCKS5 proxies for onion addresses, used in turn.
    public internal(set) var onionProxies: [TCPEndpoint] = []
    /// SAM bridges of I2P routers for I2P addresses, used in turn.
    public internal(set) var i2pBridges: [TCPEndpoint] = []
    /// Whether peers should announce transactions to us (BIP 37).
    public internal(set) var relay = true
    /// The limits of clients.
    public internal(set) var client = Client()
    /// The limits and options of outbound connects.
    public internal(set) var dial = Dial()
    /// Requests for announced transactions and blocks.
    public internal(set) var fetch = Fetch()
    /// The most bytes of all registered messages together; 2^10 … 2^40.
    public internal(set) var messagePoolBytes = 64 << 20
    /// Bytes of memory for all peers together, for partial messages and data that waits to be sent; 2^20 …
    /// 2^40.
    public internal(set) var peerMemory = 256 << 20
    /// The Bitcoin protocol: listeners, pings, our `version`, limits and time-outs.
    public internal(set) var bitcoin = Bitcoin()
  }

  /// The section `connector.dial`: outbound connects of all clients.
  public struct Dial: Equatable, Sendable {
    /// The most connects begun a second; 0 … 1,000,000; 0 for no limit.
    public internal(set) var rate = 0.0
    /// The most connects under way, including handshakes; 1 … 1,000,000.
    public internal(set) var inFlight = 4096
    /// The most connects in the queue; 1 … 2^24.
    public internal(set) var queue = 200_000
    /// The most outbound connections to one network group, including those under way; 0 … 1,000,000; 0 for no
    /// limit.
    public internal(set) var groupLimit = 0
    /// Local addresses to connect from. Those of the peer's family are used in turn; if there is none, the
    /// system chooses.
    public internal(set) var bind: [IPAddress] = []
    /// Seconds for a connect through a proxy; 0.1 … 3600.
    public internal(set) var proxyTimeout = 60.0
    /// Seconds until a kept connection that has ended is dialled again; 0.1 … 86,400.
    public internal(set) var keepDelay = 2.0
    /// The longest such delay in seconds. Each failure doubles the delay; 0.1 … 604,800.
    public internal(set) var keepMaxDelay = 600.0
  }

  /// The section `connector.fetch`: requests for announced transactions and blocks.
  public struct Fetch: Equatable, Sendable {
    /// Whether announced transactions are requested.
    public internal(set) var transactions = false
    /// Whether announced blocks are requested.
    public internal(set) var blocks = false
    /// The most requests a second; 0.1 … 1,000,000.
    public internal(set) var rate = 100.0
    /// The most bytes received a second on average; 2^10 … 2^40.
    public internal(set) var bandwidth = 4 << 20
    /// The most requests under way; 1 … 50,000.
    public internal(set) var maxPending = 1000
    /// Seconds until an unanswered request goes to the next peer; 0.1 … 3600.
    public internal(set) var timeout = 20.0
  }

  /// The section `connector.client`: the limits of clients.
  public struct Client: Equatable, Sendable {
    /// The most clients connected at a time; 1 … 100,000.
    public internal(set) var limit = 1000
    /// Seconds for a client to send its first request; 0 … 86,400; 0 for no limit.
    public internal(set) var helloTimeout = 60.0
    /// The most bytes of a request; 2^10 … 2^23.
    public internal(set) var maxFrame = 8 << 20
    /// Bytes of replies and events that may wait for a client before its further requests wait; 2^10 … 2^30.
    public internal(set) var maxWaiting = 4 << 20
    /// Bytes of memory for partial requests and waiting replies of all clients together; 2^20 … 2^40.
    public internal(set) var memory = 64 << 20
    /// The most messages that one client may have registered; 1 … 2^24.
    public internal(set) var maxMessages = 1024
  }

  /// An address on which we listen for peers.
  public struct Listener: Equatable, Sendable {
    /// The address and port; port 0 lets the system choose.
    public let endpoint: TCPEndpoint
    /// The backlog for `listen`; 1 … 65,535.
    public let backlog: Int
  }
}
