import BitcoinWire
import Glibc

/// Pseudorandom numbers, the same for the same seed (SplitMix64).
///
/// Each purpose has its own source, so that more draws for one purpose do not change another.
public struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Creates the source of a purpose.
  ///
  /// - Parameters:
  ///   - seed: the network's seed.
  ///   - purpose: name of the purpose.
  ///   - index: number of the user of the purpose, such as a node's.
  public init(seed: UInt64, purpose: StaticString, index: UInt64 = 0) {
    // FNV-1a, because Swift's own hashes differ from run to run.
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

  /// A bijective hash of a number.
  static func mixed(_ number: UInt64) -> UInt64 {
    var value = number
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  /// A duration in ns, exponentially distributed with a mean in seconds: the time between two independent
  /// events.
  mutating func wait(mean: Double) -> UInt64 {
    UInt64(-log(1 - Double.random(in: 0..<1, using: &self)) * mean * 1e9)
  }

  /// Returns `count` random bytes.
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  /// Returns true with a probability of `percent` %.
  mutating func happens(percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
