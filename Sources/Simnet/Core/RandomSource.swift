import BitcoinWire
import Glibc

/// Numbers that look random and are the same for the same seed (SplitMix64).
///
/// Each purpose has a source of its own, so that drawing more for one does not change another.
public struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Creates the source of a purpose.
  ///
  /// - Parameters:
  ///   - seed: the whole network's.
  ///   - purpose: what the numbers are for.
  ///   - index: tells apart those who share the purpose, such as nodes.
  public init(seed: UInt64, purpose: StaticString, index: UInt64 = 0) {
    // FNV-1a of the purpose, as Swift's own hashes differ from run to run.
    let purpose = purpose.withUTF8Buffer {
      $0.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
    state = seed
    for value in [purpose, index] { state = next() ^ value }
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Self.mixed(state)
  }

  /// A number that looks random and is another one for each number.
  static func mixed(_ number: UInt64) -> UInt64 {
    var value = number
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  /// A duration in ns, exponentially distributed around a mean in seconds: the time until the next of
  /// events that do not know of each other.
  mutating func wait(mean: Double) -> UInt64 {
    UInt64(-log(1 - Double.random(in: 0..<1, using: &self)) * mean * 1e9)
  }

  /// That many bytes.
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  /// Whether something happens that happens in so many of 100 cases.
  mutating func happens(percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
