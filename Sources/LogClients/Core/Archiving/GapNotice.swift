import Bytes
import Logging
import LogProtocol
import Observations

/// Logs that records are missing: the first time at once, then at most once a second.
struct GapNotice {
  private var pending: [Gap] = []
  private var latest: UInt64 = 0

  private static let interval: UInt64 = 1_000_000_000

  /// Whether gaps wait to be logged.
  var isPending: Bool { !pending.isEmpty }

  /// Adds gaps to log.
  mutating func add(_ gaps: [Gap]) { pending += gaps }

  /// Logs the waiting gaps, unless a message was logged less than a second ago.
  ///
  /// - Parameter time: in ns, on a monotonic clock.
  mutating func say(to log: Logger, at time: UInt64, isLast: Bool = false) {
    guard isPending, isLast || latest == 0 || time >= latest + Self.interval else { return }
    latest = time
    for (cause, gaps) in Dictionary(grouping: pending, by: \.cause) {
      let count = gaps.reduce(UInt64(0)) { $0.saturating(adding: $1.count) }
      let sources = Set(gaps.map(\.source)).sorted().map(String.init).joined(separator: " ")
      log.warning(
        "\(count.sumText) records are missing: \(cause.text)",
        metadata: ["gaps": "\(gaps.count)", "sources": "\(sources)", "first": "\(gaps[0].sequences)"]
      )
    }
    pending = []
  }
}
