import BitcoinWire
import Configuration
import Observations

/// How long peers may take, for what: when a connection is to be ended if nothing happens on it until then. It is a
/// function of the settings and the connection's own times alone.
struct PeerTimeouts {
  /// What took too long.
  enum Expiry {
    /// A proxy has not connected us; the system's own connecting has its timer.
    case connect
    /// The handshake is not done.
    case handshake
    /// A message is still there in part: slow headers, slow contents.
    case message
    /// A ping is not answered.
    case pong
    /// No byte has come.
    case silence
  }

  private let settings: Connector.Settings
  private let proxyTimeout: Double
  private let readingSince: UInt64

  /// - Parameter readingSince: since when peers are read from, on the monotonic clock in ns; now, while they are not:
  ///   what they might have sent is not missed.
  init(_ configuration: Configuration, readingSince: UInt64) {
    settings = configuration.connector.bitcoin
    proxyTimeout = configuration.connector.dial.proxyTimeout
    self.readingSince = readingSince
  }

  /// What expires first on a connection and when, on the monotonic clock in ns; nil where nothing does.
  func expiry(of connection: PeerConnection) -> (time: UInt64, what: Expiry)? {
    switch connection.state {
    case .closing: return nil
    case .connecting:
      guard connection.asksProxy else { return nil }
      return (connection.stateSince + nanoseconds(proxyTimeout), .connect)
    case .handshaking:
      let since = max(connection.stateSince, readingSince)
      return (since + nanoseconds(settings.handshakeTimeout), .handshake)
    case .open: break
    }
    var first: (time: UInt64, what: Expiry)?
    func consider(_ since: UInt64?, _ limit: Double, _ what: Expiry) {
      guard let since, limit > 0 else { return }
      let time = max(since, readingSince) + nanoseconds(limit)
      if time < first?.time ?? .max { first = (time, what) }
    }
    consider(connection.partialSince, settings.messageTimeout, .message)
    consider(connection.pongDueSince, settings.pongTimeout, .pong)
    consider(connection.lastReceived, settings.silenceTimeout, .silence)
    return first
  }

  /// When a connection has to be looked at again though nothing expires yet, as a message may begin meanwhile, or a proxy
  /// be asked.
  func nextLook(at connection: PeerConnection, _ now: UInt64) -> UInt64 {
    if connection.state == .connecting { return connection.stateSince + nanoseconds(proxyTimeout) }
    guard connection.state == .open, connection.partialSince == nil, settings.messageTimeout > 0 else {
      return .max
    }
    return now + nanoseconds(settings.messageTimeout)
  }

  /// How a connection ends on which something has expired.
  func outcome(_ what: Expiry) -> Outcome {
    switch what {
    case .connect: Outcome(.proxy, .proxy(.timeout(nanoseconds(proxyTimeout))))
    case .handshake: Outcome(.handshakeTimedOut, after: settings.handshakeTimeout)
    case .message: Outcome(.messageTimedOut, after: settings.messageTimeout)
    case .pong: Outcome(.pingTimedOut, after: settings.pongTimeout)
    case .silence: Outcome(.silent, after: settings.silenceTimeout)
    }
  }

  private func nanoseconds(_ seconds: Double) -> UInt64 { Connector.nanoseconds(seconds) }
}
