extension Configuration.Connector {
  /// The Bitcoin protocol: listeners, pings, our `version`, limits and time-outs.
  public struct Bitcoin: Equatable, Sendable {
    /// Announcements of our address to each peer: an `addr` or `addrv2`, or a ping if there is no address to
    /// announce. The name is coinscope's; its "active ping" was an `addr` too.
    public struct ActivePing: Equatable, Sendable {
      /// Mean seconds between two announcements to a peer, at least 5 apart; 0 … 86,400; 0 for never.
      public internal(set) var mean = 0.0
      /// Standard deviation of that interval in seconds, 0 … 86,400.
      public internal(set) var standardDeviation = 1.0
      /// The address to announce, of any network, as text with a port; nil for the first that we listen on.
      public internal(set) var address: String?
    }

    /// The addresses on which we listen for peers.
    public internal(set) var listeners: [Configuration.Listener] = []
    /// Seconds between two pings of a peer, 0 … 86,400; 0 for never.
    public internal(set) var pingFrequency = 120.0
    /// Announcements of our address, in addition to other traffic.
    public internal(set) var activePing = ActivePing()
    /// The lowest block height in our `version`; 0 … 2^31 - 1.
    public internal(set) var startHeight: Int32 = 0
    /// Whether the height follows the heights that outbound peers report.
    public internal(set) var followHeight = true
    /// The number of outbound peers that must announce a block before we announce it to all peers, 0 …
    /// 10,000; 0 for never.
    public internal(set) var announceBlock = 0
    /// The most inbound connections; 0 … 1,000,000.
    public internal(set) var maxInbound = 5000
    /// The most inbound connections from one IPv4 address or IPv6 /64; 1 … 1,000,000.
    public internal(set) var maxInboundPerAddress = 32
    /// The most inbound connects a second from one IPv4 address or IPv6 /64, 0 … 1,000,000; 0 for no limit.
    public internal(set) var inboundRate = 5.0
    /// The first four bytes of every message as a little-endian number; nil for the network's own.
    public internal(set) var magic: UInt32?
    /// The protocol version in our `version`; nil for the network's own.
    public internal(set) var maxVersion: Int32?
    /// The lowest protocol version accepted of a peer; at most our own.
    public internal(set) var minVersion: Int32 = 209
    /// The services in our `version`, one bit each.
    public internal(set) var services: UInt64 = 0
    /// Seconds for a connect; 0.1 … 3,600.
    public internal(set) var connectTimeout = 10.0
    /// Seconds for the handshake once connected; 0.1 … 3,600.
    public internal(set) var handshakeTimeout = 30.0
    /// Seconds from the first byte of a message to its last, 0 … 86,400; 0 for no limit.
    public internal(set) var messageTimeout = 600.0
    /// Seconds for a peer to answer a ping, 0 … 86,400; 0 for no limit.
    public internal(set) var pongTimeout = 1200.0
    /// Seconds without input from a peer before the connection is closed, 0 … 86,400; 0 for never.
    public internal(set) var silenceTimeout = 1200.0
  }
}
