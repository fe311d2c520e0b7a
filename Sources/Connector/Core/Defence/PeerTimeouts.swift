import BitcoinWire
import Configuration
import Observations

/// The time-outs of connections. They depend only on the settings and the connection's own times.
struct PeerTimeouts {
  /// The time-out that expired.
  enum Expiry {
    /// A proxy has not connected us in time. Direct connects have a timer of their own.
    case connect
    /// The handshake is not done in time.
    case handshake
    /// A partial message is not completed in time, be it header or payload.
    case message
    /// A ping is not answered in time.
    case pong
    /// No byte is received for too long.
    case silence
  }

  private let settings: Connector.Settings
  private let proxyTimeout: Double
  private let readingSince: UInt64

  /// - Parameter readingSince: since when peers are read, on the monotonic clock in ns. Pass the current time
  ///   while they are not read: peers are not blamed for input that we do not read.
  init(_ configuration: Configuration, readingSince: UInt64) {
    settings = configuration.connector.bitcoin
    proxyTimeout = configuration.connector.dial.proxyTimeout
    self.readingSince = readingSince
  }

  /// The first time-out of a connection and when it expires, on the monotonic clock in ns; nil if there is
  /// none.
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

  /// When to look at a connection again though no time-out is running, on the monotonic clock in ns: a
  /// partial message or a proxy dialogue may begin meanwhile.
  func nextLook(at connection: PeerConnection, _ now: UInt64) -> UInt64 {
    if connection.state == .connecting { return connection.stateSince + nanoseconds(proxyTimeout) }
    guard connection.state == .open, connection.partialSince == nil, settings.messageTimeout > 0 else {
      return .max
    }
    return now + nanoseconds(settings.messageTimeout)
  }

  /// The outcome of a connection that timed out.
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
