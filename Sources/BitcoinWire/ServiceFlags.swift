/// What a node says it can do, one bit each.
public struct ServiceFlags: OptionSet, Hashable, Sendable, CustomStringConvertible {
  /// All 64 bits, known or not.
  public let rawValue: UInt64

  /// Takes all 64 bits, known or not.
  @inlinable
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Serves the complete block chain.
  public static let network = ServiceFlags(rawValue: 1 << 0)
  /// Answers `getutxo` (BIP64).
  public static let getUTXO = ServiceFlags(rawValue: 1 << 1)
  /// Serves bloom-filtered connections (BIP111).
  public static let bloom = ServiceFlags(rawValue: 1 << 2)
  /// Serves witness data (BIP144).
  public static let witness = ServiceFlags(rawValue: 1 << 3)
  /// Serves compact block filters (BIP157).
  public static let compactFilters = ServiceFlags(rawValue: 1 << 6)
  /// Serves at least the last 288 blocks (BIP159).
  public static let networkLimited = ServiceFlags(rawValue: 1 << 10)
  /// Speaks the encrypted transport (BIP324).
  public static let p2pV2 = ServiceFlags(rawValue: 1 << 11)

  /// One name a bit, lowest first; those without a name as `bit N`.
  public var names: [String] {
    (0..<64).filter { rawValue >> $0 & 1 == 1 }.map { Self.name(bit: $0) }
  }

  /// The names with `|` between them; `NONE` where no bit is set.
  public var description: String { isEmpty ? "NONE" : names.joined(separator: "|") }

  private static func name(bit: Int) -> String {
    switch bit {
    case 0: "NETWORK"
    case 1: "GETUTXO"
    case 2: "BLOOM"
    case 3: "WITNESS"
    case 6: "COMPACT_FILTERS"
    case 10: "NETWORK_LIMITED"
    case 11: "P2P_V2"
    default: "bit \(bit)"
    }
  }
}
