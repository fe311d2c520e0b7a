import Bytes
import Logging
import LogProtocol
import Observations

/// Says on stderr that records are missing: the first time at once, then at most once a second.
struct GapNotice {
  private var pending: [Gap] = []
  private var latest: UInt64 = 0

  private static let interval: UInt64 = 1_000_000_000

  /// Whether something waits to be said.
  var isPending: Bool { !pending.isEmpty }

  /// Takes in gaps.
  mutating func add(_ gaps: [Gap]) { pending += gaps }

  /// Says what waits, unless something was said less than a second ago.
  ///
  /// - Parameter time: in ns, on a clock that does not step.
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
