import Bytes
import JSON

/// `filterload`: sets the bloom filter. Only transactions that match it are relayed (BIP37).
///
/// The filter, CompactSize length of at most 36,000 and bytes; number of hash functions, 4, at most 50;
/// tweak, 4; flags, 1. Integers are little-endian.
public struct FilterLoadMessage: MessagePayload {
  /// The longest filter in bytes (`MAX_BLOOM_FILTER_SIZE`).
  public static let maximumFilter = 36_000

  /// The most hash functions (`MAX_HASH_FUNCS`).
  public static let maximumHashFunctions = 50

  /// The bits of the filter, the least significant of each byte first; an empty filter matches everything.
  public var filter: [UInt8]

  /// The number of hash functions: each element sets as many bits.
  public var hashFunctions: UInt32

  /// A number added to the seed of every hash function.
  public var tweak: UInt32

  /// The outputs whose outpoints are added to the filter when a transaction matches: 0 none, 1 every output
  /// that matched, 2 those that pay to keys. The upper six bits have no meaning.
  public var flags: UInt8

  /// Creates a message from its fields.
  public init(filter: [UInt8], hashFunctions: UInt32, tweak: UInt32, flags: UInt8) {
    self.filter = filter
    self.hashFunctions = hashFunctions
    self.tweak = tweak
    self.flags = flags
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    filter = try reader.counted("filter", maximum: Self.maximumFilter)
    let offset = reader.offset
    hashFunctions = try reader.little(UInt32.self, "hash functions")
    guard hashFunctions <= Self.maximumHashFunctions else {
      let problem = WireError.Problem.limit(
        value: UInt64(hashFunctions),
        maximum: UInt64(Self.maximumHashFunctions)
      )
      throw WireError(problem, field: "hash functions", offset: offset)
    }
    tweak = try reader.little(UInt32.self, "tweak")
    flags = try reader.little(UInt8.self, "filter flags")
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendCounted(filter)
    bytes.appendLittle(hashFunctions)
    bytes.appendLittle(tweak)
    bytes.append(flags)
  }

  /// Writes every field.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.hexadecimal("filter", filter)
    json.member("hash_functions", hashFunctions)
    json.member("tweak", tweak)
    json.member("flags", flags)
  }

  /// Makes the message from its fields: `filter`, `hash_functions` (1), `tweak` (0), `flags` (0).
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      filter: try fields.bytes("filter"),
      hashFunctions: try fields.integer("hash_functions", default: 1),
      tweak: try fields.integer("tweak", default: 0),
      flags: try fields.integer("flags", default: 0)
    )
  }

  /// The size of the filter, and the number of hash functions.
  public func summary(in dialect: Dialect) -> String {
    "\(filter.count) bytes \(hashFunctions) functions"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [
    .required("filter"), .optional("hash_functions"), .optional("tweak"), .optional("flags"),
  ]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    FilterLoadMessage(filter: [0x61, 0x4e, 0x9b], hashFunctions: 5, tweak: 0, flags: 1)
  ]
}

extension Command {
  /// Sets a bloom filter (BIP37).
  public static let filterload: Command = "filterload"
}

extension MessageKind {
  /// `filterload`.
  static let filterload = MessageKind(
    .filterload,
    Message.filterload,
    bips: [37, 111],
    since: 70001,
    service: .bloom,
    limits: [
      ("filter", FilterLoadMessage.maximumFilter), ("hash functions", FilterLoadMessage.maximumHashFunctions),
    ]
  )
}
