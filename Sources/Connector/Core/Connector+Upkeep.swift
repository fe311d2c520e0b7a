import BitcoinWire
import EventLoop
import Glibc
import LogProtocol

extension Connector {
  /// Once a second: handshakes that take too long, pings and announcements that are due.
  func keepUp() {
    retired.removeAll(keepingCapacity: true)
    let now = Clock.monotonic()
    fetcher.tick(now)
    for connection in connections.all {
      switch connection.state {
      case .closing: break
      case .connecting:
        // The system's own connecting has its timer; a proxy's has not.
        if now - connection.stateSince > Self.nanoseconds(settings.connectTimeout + 1) {
          connection.end(.closedByUs, reason: "proxy has not connected within \(settings.connectTimeout) s")
        }
      case .handshaking:
        if now - connection.stateSince > Self.nanoseconds(settings.handshakeTimeout) {
          connection.end(.closedByUs, reason: "handshake not done within \(settings.handshakeTimeout) s")
        }
      case .open: keepAlive(connection, now)
      }
    }
  }

  private func keepAlive(_ connection: PeerConnection, _ now: UInt64) {
    let silence = Self.nanoseconds(settings.pingFrequency)
    if silence > 0, now - max(connection.lastReceived, connection.lastPing) >= silence {
      connection.sendPing()
    }
    if let due = connection.nextAnnouncement, now >= due {
      announceOurselves(to: connection)
      scheduleAnnouncement(of: connection)
    }
  }

  func scheduleAnnouncement(of connection: PeerConnection) {
    let active = settings.activePing
    guard active.mean > 0 else { return }
    // Box and Muller's normal distribution; never more often than every five seconds, as coinscope.
    let angle = Double.random(in: 0..<1) * 2 * Double.pi
    let radius = (-2 * log(Double.random(in: Double.leastNonzeroMagnitude..<1))).squareRoot()
    let seconds = max(5, active.mean + active.standardDeviation * radius * cos(angle))
    connection.nextAnnouncement = Clock.monotonic() + Self.nanoseconds(seconds)
  }

  /// Tells a peer the first address we listen on (`addr`), as coinscope does; a ping where we listen nowhere.
  private func announceOurselves(to connection: PeerConnection) {
    guard let address = listeningAddresses.first, let endpoint = Endpoint(address) else {
      return connection.sendPing()
    }
    let node = KnownNode(
      time: UInt32(clamping: Clock.now() / 1_000_000_000),
      services: ServiceFlags(rawValue: settings.services),
      endpoint: endpoint
    )
    connection.send(.addr(AddrMessage(nodes: [node])))
  }

  private static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, seconds) * 1e9) }
}
