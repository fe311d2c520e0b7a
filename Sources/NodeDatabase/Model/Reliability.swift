import Glibc

/// How reliably an endpoint was reached lately, as sipa's bitcoin-seeder computes it (`CAddrStat`):
/// exponentially decaying averages over windows.
public struct Reliability: Equatable, Sendable {
  /// The known share of the window, from 0 at first to 1.
  public var weight = 0.0
  /// The number of attempts; older ones count less.
  public var count = 0.0
  /// The share of the time in which it was reached, 0 to 1. Unknown time counts as not reached.
  public var reliability = 0.0

  /// Creates a reliability without any attempt.
  public init() {}

  /// The length of a window in seconds. After this time an attempt's weight is 1/e.
  public enum Window: Int, CaseIterable, Sendable {
    case hours2 = 7_200
    case hours8 = 28_800
    case day = 86_400
    case week = 604_800
    case month = 2_592_000

    /// The suffix of the window's column names.
    public var suffix: String {
      switch self {
      case .hours2: "2h"
      case .hours8: "8h"
      case .day: "1d"
      case .week: "1w"
      case .month: "30d"
      }
    }
  }

  /// The assumed age of the attempt before the first one, in seconds (the seeder's `MIN_RETRY`).
  public static let firstAge = 1000.0

  /// Adds an attempt.
  ///
  /// - Parameters:
  ///   - age: seconds since the previous attempt.
  public mutating func update(isGood: Bool, age: Double, _ window: Window) {
    let rest = exp(-age / Double(window.rawValue))
    reliability = reliability * rest + (isGood ? 1 - rest : 0)
    count = count * rest + 1
    weight = weight * rest + (1 - rest)
  }

  /// The reliability if the node had been reached in all unknown time.
  public var optimistic: Double { reliability - weight + 1 }
}
