import Glibc

/// How reliably an endpoint was reached lately: the windows of sipa's bitcoin-seeder (`CAddrStat`), each an
/// exponentially decaying average.
public struct Reliability: Equatable, Sendable {
  /// How much of the window is known: 0 at first, towards 1.
  public var weight = 0.0
  /// How many attempts there were, old ones counting less.
  public var count = 0.0
  /// The share of the time in which it was reached, what is not known counting as not reached; 0 … 1.
  public var reliability = 0.0

  /// Nothing is known.
  public init() {}

  /// What a window spans, in seconds; the time in which an attempt comes to count 1/e.
  public enum Window: Int, CaseIterable, Sendable {
    case hours2 = 7_200
    case hours8 = 28_800
    case day = 86_400
    case week = 604_800
    case month = 2_592_000

    /// How columns of it end.
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

  /// How long ago a first attempt is taken to have had one before it, in seconds (the seeder's `MIN_RETRY`).
  public static let firstAge = 1000.0

  /// Takes an attempt.
  ///
  /// - Parameters:
  ///   - age: seconds since the attempt before it.
  public mutating func update(isGood: Bool, age: Double, _ window: Window) {
    let rest = exp(-age / Double(window.rawValue))
    reliability = reliability * rest + (isGood ? 1 - rest : 0)
    count = count * rest + 1
    weight = weight * rest + (1 - rest)
  }

  /// The reliability that it would have if all that is not known had been good.
  public var optimistic: Double { reliability - weight + 1 }
}
