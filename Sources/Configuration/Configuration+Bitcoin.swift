extension Configuration.Connector {
  /// What is said to peers, and when.
  public struct Bitcoin: Equatable, Sendable {
    /// When each peer is told of us: an `addr` with the address we listen on first or, where we listen
    /// nowhere, a ping. (The name is coinscope's, whose "active ping" was such an `addr` too.)
    public struct ActivePing: Equatable, Sendable {
      /// Mean seconds between two announcements, which are 5 at least, 0 … 86,400; 0 for never.
      public internal(set) var mean = 0.0
      /// Standard deviation of those seconds, 0 … 86,400.
      public internal(set) var standardDeviation = 1.0
      /// The address that is announced, of any network, in text; nil for the one we listen on first.
      public internal(set) var address: String?
    }

    /// Where peers may connect to us.
    public internal(set) var listeners: [Configuration.Listener] = []
    /// Seconds without anything from a peer until it is pinged, 0 … 86,400; 0 for never.
    public internal(set) var pingFrequency = 120.0
    /// When each peer is told of us, whatever else happens on its connection.
    public internal(set) var activePing = ActivePing()
    /// Height of the chain that peers are told we have, at least; 0 … 2^31 - 1.
    public internal(set) var startHeight: Int32 = 0
    /// Whether that follows what the peers we dialled tell of theirs.
    public internal(set) var followHeight = true
    /// How many peers that we dialled must have announced a block until all are told of it, 0 … 10,000; 0 for
    /// never.
    public internal(set) var announceBlock = 0
    /// Most connections that peers made to us; 0 … 1,000,000.
    public internal(set) var maxInbound = 5000
    /// Most of them from one address, of IPv6 one /64; 1 … 1,000,000.
    public internal(set) var maxInboundPerAddress = 32
    /// Most connects a second from one such address, 0 … 1,000,000; 0 for any.
    public internal(set) var inboundRate = 5.0
    /// First four bytes of every message, read in little-endian order; nil for the network's own.
    public internal(set) var magic: UInt32?
    /// Protocol version that peers are told we speak; nil for the network's own.
    public internal(set) var maxVersion: Int32?
    /// Lowest protocol version of a peer we stay connected to; at most the one we speak.
    public internal(set) var minVersion: Int32 = 209
    /// Services that peers are told we offer, one bit each.
    public internal(set) var services: UInt64 = 0
    /// Seconds that connecting may take; 0.1 … 3,600.
    public internal(set) var connectTimeout = 10.0
    /// Seconds that the handshake of a connected peer may take; 0.1 … 3,600.
    public internal(set) var handshakeTimeout = 30.0
    /// Seconds from the first byte of a message to its last, 0 … 86,400; 0 for any.
    public internal(set) var messageTimeout = 600.0
    /// Seconds that a peer may take to answer a ping, 0 … 86,400; 0 for any.
    public internal(set) var pongTimeout = 1200.0
    /// Seconds without a byte from a peer until the connection is closed, 0 … 86,400; 0 for never.
    public internal(set) var silenceTimeout = 1200.0
  }
}
