import EventLoop
import Observations
import Wording

/// Counts failures that come too fast for a record each, by outcome.
///
/// Up to `rate` failures a second get a record each. The others share one record a second for each outcome,
/// with their number, the id and the time of the first and the last, and all ids.
struct FailureSum {
  private struct Entry {
    var count = 0
    let first: (id: UInt32, time: UInt64)
    var last: (id: UInt32, time: UInt64)
    var ids = IDRanges()
  }

  /// Outcomes that are counted separately; further ones share one entry.
  private static let outcomeLimit = 32

  /// ID ranges in an entry from which a record is due early. The record then has at most about 24 KiB.
  private static let rangeLimit = 1000

  private let rate: Double
  private var budget: Budget
  /// By outcome; nil for outcomes beyond the limit.
  private var entries: [Outcome?: Entry] = [:]

  /// Creates an empty sum.
  ///
  /// - Parameters:
  ///   - rate: failures a second that get a record each.
  ///   - now: the monotonic clock, in ns.
  init(rate: Double, now: UInt64) {
    self.rate = rate
    budget = Budget(rate: rate, now: now)
  }

  /// Whether the next failure may have a record of its own. Counts it if so.
  ///
  /// - Parameter now: the monotonic clock, in ns.
  mutating func mayTell(_ now: UInt64) -> Bool {
    budget.fill(rate: rate, now: now)
    guard budget.isLeft else { return false }
    budget.spend(1)
    return true
  }

  /// Counts a failure that gets no record.
  ///
  /// - Parameters:
  ///   - id: the connection's id.
  ///   - time: when it failed, in ns since the Unix epoch.
  mutating func add(_ id: UInt32, _ outcome: Outcome, at time: UInt64) {
    let isKnown = entries[outcome] != nil || entries.count < Self.outcomeLimit
    let new = Entry(first: (id, time), last: (id, time))
    let key = isKnown ? outcome : nil
    entries[key, default: new].count += 1
    entries[key]!.last = (id, time)
    entries[key]!.ids.append(id)
    if entries[key]!.ids.count >= Self.rangeLimit { isFull = true }
  }

  /// Whether a record is due early, because its list of ids gets too long.
  private(set) var isFull = false

  /// Returns a sentence for each outcome and starts again from zero.
  ///
  /// - Parameter what: the kind of failure, in the plural.
  mutating func take(_ what: String) -> [String] {
    guard !entries.isEmpty else { return [] }
    defer {
      entries = [:]
      isFull = false
    }
    return entries.map { ($0?.words ?? "other reasons", $1) }.sorted { $0.0 < $1.0 }.map { reason, entry in
      "\(entry.count) \(what) without an event of their own: \(reason); "
        + "first connection \(entry.first.id) at \(Self.seconds(entry.first.time)), "
        + "last connection \(entry.last.id) at \(Self.seconds(entry.last.time)); connections \(entry.ids)"
    }
  }

  /// Seconds since the Unix epoch with all nine decimals.
  private static func seconds(_ time: UInt64) -> String {
    let fraction = String(time % 1_000_000_000)
    return "\(time / 1_000_000_000).\(String(repeating: "0", count: 9 - fraction.count))\(fraction)"
  }
}
