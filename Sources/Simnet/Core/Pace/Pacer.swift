import Bytes
import EventLoop

/// Sends messages at a given rate to observers whose handshake is complete.
final class Pacer {
  /// Number of messages sent so far.
  private(set) var sentCount = 0

  private unowned let simnet: Simnet
  private let settings: PaceSettings
  private var message: PaceMessage
  private var random: RandomSource
  private var sessions: [Session] = []
  private var places: [UInt64: Int] = [:]
  private var timer: PreciseTimer?
  private var next: UInt64 = 0
  private var turn = 0
  private var batch: [UInt8] = []

  /// Least ns between two checks. Messages due within one interval are sent together.
  private static let grain: UInt64 = 50_000

  /// Greatest delay in ns that is caught up.
  private static let patience: UInt64 = 1_000_000_000

  /// Most messages sent before the loop handles other events.
  private static let messagesPerTurn = 4096

  /// Bytes that a session gets at once in a flood.
  private static let batchSize = 16 << 10

  /// Sessions flooded in one turn.
  private static let sessionsPerTurn = 64

  /// Unsent bytes from which on a session is skipped.
  private static let maximumUnsent = 256 << 10

  /// Starts to send.
  init(_ settings: PaceSettings, for simnet: Simnet) throws(IOError) {
    self.simnet = simnet
    self.settings = settings
    let seed = simnet.settings.seed
    random = RandomSource(seed: seed, purpose: "paced messages", index: UInt64(simnet.settings.part.number))
    message = PaceMessage(
      size: settings.size,
      of: simnet.settings.network,
      random: RandomSource(seed: seed, purpose: "paced contents", index: UInt64(simnet.settings.part.number))
    )
    timer = try PreciseTimer(on: simnet.loop) { [unowned self] in tick() }
  }

  /// Adds a session whose handshake is complete.
  func add(_ session: Session) {
    places[session.number] = sessions.count
    sessions.append(session)
    guard sessions.count == 1 else { return }
    next = Clock.monotonic()
    timer?.start(at: next)
  }

  /// Removes a session that has ended. Does nothing if it was not added.
  func remove(_ session: Session) {
    guard let place = places.removeValue(forKey: session.number) else { return }
    sessions.swapAt(place, sessions.count - 1)
    sessions.removeLast()
    if place < sessions.count { places[sessions[place].number] = place }
    if sessions.isEmpty { timer?.cancel() }
  }

  /// Stops sending.
  func close() { timer?.cancel() }

  private var isDone: Bool { settings.count.map { sentCount >= $0 } ?? false }

  private func tick() {
    switch settings.rate {
    case .perSecond(let rate): sendDue(rate)
    case .flood: flood()
    }
  }

  private func sendDue(_ rate: Double) {
    let now = Clock.monotonic()
    if now > next + Self.patience { next = now }
    var left = Self.messagesPerTurn
    while next <= now, left > 0, !isDone, !sessions.isEmpty {
      let session = sessions[Int.random(in: 0..<sessions.count, using: &random)]
      if session.unsentCount < Self.maximumUnsent {
        message.advance()
        sentCount += 1
        session.say(message.bytes, count: 1)
      }
      next += random.wait(mean: 1 / rate)
      left -= 1
    }
    guard !isDone, !sessions.isEmpty else { return }
    timer?.start(at: left > 0 ? max(next, now + Self.grain) : now)
  }

  private func flood() {
    var written = 0
    for _ in 0..<min(Self.sessionsPerTurn, sessions.count) where !sessions.isEmpty {
      turn = (turn + 1) % sessions.count
      let session = sessions[turn]
      guard session.unsentCount < Self.maximumUnsent else { continue }
      var count = max(1, Self.batchSize / message.bytes.count)
      if let limit = settings.count { count = min(count, limit - sentCount) }
      guard count > 0 else { break }
      batch.removeAll(keepingCapacity: true)
      for _ in 0..<count {
        message.advance()
        batch += message.bytes
      }
      sentCount += count
      written += count
      session.say(batch, count: count)
    }
    guard !isDone, !sessions.isEmpty else { return }
    // If no session has room, wait 1 ms.
    timer?.start(at: written > 0 ? 1 : Clock.monotonic() + 1_000_000)
  }
}
