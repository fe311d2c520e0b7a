/// The services that a node offers, one bit each. Bits 24 to 31 are for experiments. Coins name some bits
/// differently (`Dialect.names(of:)`).
public struct ServiceFlags: OptionSet, Hashable, Sendable, CustomStringConvertible {
  /// All 64 bits, known or not.
  public let rawValue: UInt64

  /// Creates flags from all 64 bits, known or not.
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
  /// Speaks Xtreme Thinblocks (Bitcoin Unlimited; no longer in Bitcoin).
  public static let xthin = ServiceFlags(rawValue: 1 << 4)
  /// Serves compact block filters (BIP157).
  public static let compactFilters = ServiceFlags(rawValue: 1 << 6)
  /// Serves at least the last 288 blocks (BIP159).
  public static let networkLimited = ServiceFlags(rawValue: 1 << 10)
  /// Speaks the encrypted transport (BIP324).
  public static let p2pV2 = ServiceFlags(rawValue: 1 << 11)
  /// Serves proofs of new blocks and transactions to nodes without the UTXO set (Utreexo, BIP183).
  public static let utreexo = ServiceFlags(rawValue: 1 << 12)
  /// Serves proofs of all blocks to nodes without the UTXO set (Utreexo, BIP183).
  public static let utreexoArchive = ServiceFlags(rawValue: 1 << 13)
  /// Replaces transactions by others with a higher fee, whether or not they signal it (Bitcoin Knots).
  public static let replaceByFee = ServiceFlags(rawValue: 1 << 26)
  /// Enforces limits on data in transactions (BIP110, Bitcoin Knots).
  public static let reducedData = ServiceFlags(rawValue: 1 << 27)

  /// One name for each set bit, lowest first; `bit N` for a bit without a name.
  public var names: [String] {
    (0..<64).filter { rawValue >> $0 & 1 == 1 }.map { Self.name(bit: $0) }
  }

  /// The names separated by `|`; `NONE` if no bit is set.
  public var description: String { isEmpty ? "NONE" : names.joined(separator: "|") }

  /// Bitcoin's name of the bit, counted from 0; `bit N` if it has none.
  static func name(bit: Int) -> String {
    switch bit {
    case 0: "NETWORK"
    case 1: "GETUTXO"
    case 2: "BLOOM"
    case 3: "WITNESS"
    case 4: "XTHIN"
    case 6: "COMPACT_FILTERS"
    case 10: "NETWORK_LIMITED"
    case 11: "P2P_V2"
    case 12: "UTREEXO"
    case 13: "UTREEXO_ARCHIVE"
    case 26: "REPLACE_BY_FEE"
    case 27: "REDUCED_DATA"
    default: "bit \(bit)"
    }
  }
}
