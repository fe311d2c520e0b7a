import EventLoop
import Observations
import Wording

/// Failures that come faster than each can be a record of its own, counted by outcome.
///
/// One second's worth of them is a record each; of the others there is one record a second for each outcome, which says how
/// many there were, of the first and the last the connection's id and the time, and all ids.
struct FailureSum {
  private struct Entry {
    var count = 0
    let first: (id: UInt32, time: UInt64)
    var last: (id: UInt32, time: UInt64)
    var ids = IDRanges()
  }

  /// Most outcomes that are counted by themselves.
  private static let outcomeLimit = 32

  /// From how many ranges of ids on an outcome's sentence is due: it is then of some 24 KiB at most.
  private static let rangeLimit = 1000

  private let rate: Double
  private var budget: Budget
  /// By outcome; nil for what is beyond the limit.
  private var entries: [Outcome?: Entry] = [:]

  /// Begins with none.
  ///
  /// - Parameters:
  ///   - rate: most that are a record each, a second.
  ///   - now: the monotonic clock, in ns.
  init(rate: Double, now: UInt64) {
    self.rate = rate
    budget = Budget(rate: rate, now: now)
  }

  /// Whether the next one may be a record of its own; counts it if so.
  ///
  /// - Parameter now: the monotonic clock, in ns.
  mutating func mayTell(_ now: UInt64) -> Bool {
    budget.fill(rate: rate, now: now)
    guard budget.isLeft else { return false }
    budget.spend(1)
    return true
  }

  /// Counts one that is no record.
  ///
  /// - Parameters:
  ///   - id: the connection's.
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

  /// Whether the sentences are due, as they would get too long.
  private(set) var isFull = false

  /// A sentence for each outcome, and begins anew.
  ///
  /// - Parameter what: what failed, in the plural.
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

  /// Seconds since the Unix epoch, exactly.
  private static func seconds(_ time: UInt64) -> String {
    let fraction = String(time % 1_000_000_000)
    return "\(time / 1_000_000_000).\(String(repeating: "0", count: 9 - fraction.count))\(fraction)"
  }
}
