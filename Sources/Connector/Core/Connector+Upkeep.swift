import EventLoop
import Glibc
import LogProtocol

extension Connector {
  /// Once a second: what takes too long is ended; pings and announcements that are due.
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

  /// Does what is due of connections, for about two milliseconds; further ones have the loop's next turn: thousands that
  /// connected together time out together.
  func keepUpDue() {
    let now = Clock.monotonic()
    while Clock.monotonic() - now < 2_000_000, let (second, id) = due.popFirst() {
      // Where it was noted again since, this is not it.
      guard let connection = connections[id], connection.upkeepSecond == second else { continue }
      keepUp(connection, now)
    }
    if due.isEmpty { due = [] } else { upkeepRest?.start(after: 0) }
  }

  /// Where peers say much, waits a little for more before it is handled: a turn of the loop costs more than a message.
  /// Messages have the kernel's stamps, which do not depend on it.
  private func setPace() {
    let received = counts.messagesReceived
    loop.collect(for: received - lastReceived > Self.busyRate ? Self.collectionTime : 0)
    lastReceived = received
  }

  /// From how many messages a second on a connector is busy.
  private static let busyRate: UInt64 = 20_000

  /// For how many seconds a busy one collects.
  private static let collectionTime = 0.000_5

  /// Does what is due of a connection, and notes when something will be next: whenever its state changes, and then
  /// each time.
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

  /// Pings and announces where that is due; returns when it is next, on the monotonic clock in ns.
  private func keepAlive(_ connection: PeerConnection, _ now: UInt64) -> UInt64 {
    let period = Self.nanoseconds(settings.pingFrequency)
    var next = UInt64.max
    if period > 0 {
      if connection.pings.last == 0 {
        // Thousands that were connected to at once are not to be pinged at once.
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
    // Box and Muller's normal distribution; never more often than every five seconds, as coinscope.
    let angle = Double.random(in: 0..<1) * 2 * Double.pi
    let radius = (-2 * log(Double.random(in: Double.leastNonzeroMagnitude..<1))).squareRoot()
    let seconds = max(5, active.mean + active.standardDeviation * radius * cos(angle))
    connection.nextAnnouncement = Clock.monotonic() + Self.nanoseconds(seconds)
  }

  static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, seconds) * 1e9) }
}
