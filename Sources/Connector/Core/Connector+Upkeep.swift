import EventLoop
import Glibc
import LogProtocol

extension Connector {
  /// Enforces time-outs, and sends due pings and announcements. Called once a second.
  func keepUp() {
    let now = Clock.monotonic()
    setPace()
    fetcher.tick(now)
    limits.tellRefusals()
    dialler.tellFailures()
    limits.returnUnused()
    due += wheel.take(until: now)
    keepUpDue()
  }

  /// Handles due connections for about two milliseconds; the rest follow in the next loop iteration.
  /// Thousands of connections that began together time out together.
  func keepUpDue() {
    let now = Clock.monotonic()
    while Clock.monotonic() - now < 2_000_000, let (second, id) = due.popFirst() {
      // If it was scheduled again since, this entry is void.
      guard let connection = connections[id], connection.upkeepSecond == second else { continue }
      keepUp(connection, now)
    }
    if due.isEmpty { due = [] } else { upkeepRest?.start(after: 0) }
  }

  /// While peers send much, waits a little for more messages before they are handled: a loop iteration costs
  /// more than a message. Messages have the kernel's time stamps, so the wait does not change them.
  private func setPace() {
    let received = counts.messagesReceived
    loop.collect(for: received - lastReceived > Self.busyRate ? Self.collectionTime : 0)
    lastReceived = received
  }

  /// Messages a second above which the connector is busy.
  private static let busyRate: UInt64 = 20_000

  /// Seconds for which a busy connector collects messages.
  private static let collectionTime = 0.000_5

  /// Does a connection's due work and schedules the next. Called when its state changes and when it is due.
  func keepUp(_ connection: PeerConnection, _ now: UInt64) {
    let timeouts = PeerTimeouts(configuration, readingSince: gate.isOpen ? readingSince : now)
    if let expiry = timeouts.expiry(of: connection), now >= expiry.time {
      return connection.end(.closedByUs, timeouts.outcome(expiry.what))
    }
    var due = UInt64.max
    if connection.state == .open { due = keepAlive(connection, now) }
    // A ping may have been sent.
    due = min(due, timeouts.expiry(of: connection)?.time ?? .max, timeouts.nextLook(at: connection, now))
    guard due < .max else { return }
    connection.upkeepSecond = wheel.add(connection.id, at: due)
  }

  /// Sends a ping or an announcement if due. Returns when the next is due, on the monotonic clock in ns.
  private func keepAlive(_ connection: PeerConnection, _ now: UInt64) -> UInt64 {
    let period = Self.nanoseconds(settings.pingFrequency)
    var next = UInt64.max
    if period > 0 {
      if connection.pings.last == 0 {
        // Spread the first pings of connections that were made at once.
        connection.pings.last = now - min(.random(in: 0..<period), now - 1)
      } else if gate.isOpen, now - connection.pings.last >= period {
        connection.sendPing()
      }
      next = max(connection.pings.last + period, now)
    }
    if let due = connection.nextAnnouncement, now >= due {
      announceOurselves(to: connection)
      scheduleAnnouncement(of: connection)
    }
    return min(next, connection.nextAnnouncement ?? .max)
  }

  func scheduleAnnouncement(of connection: PeerConnection) {
    let active = settings.activePing
    guard active.mean > 0 else { return }
    // Normal distribution (Box-Muller), with a minimum of five seconds, as in coinscope.
    let angle = Double.random(in: 0..<1) * 2 * Double.pi
    let radius = (-2 * log(Double.random(in: Double.leastNonzeroMagnitude..<1))).squareRoot()
    let seconds = max(5, active.mean + active.standardDeviation * radius * cos(angle))
    connection.nextAnnouncement = Clock.monotonic() + Self.nanoseconds(seconds)
  }

  static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, seconds) * 1e9) }
}
