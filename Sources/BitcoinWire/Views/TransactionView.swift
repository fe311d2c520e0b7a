import Bytes

/// A transaction where it lies: checked once from end to end, its parts read when they are asked for, and nothing
/// allocated.
public struct TransactionView: ~Escapable {
  /// The whole transaction as it is on the wire.
  public let bytes: RawSpan

  /// Version of the rules it is under.
  public let version: UInt32

  /// How many outputs it spends.
  public let inputCount: Int

  /// How many outputs it creates.
  public let outputCount: Int

  /// Until when it is not final: a height below 500,000,000, or seconds since the Unix epoch.
  public let lockTime: UInt32

  /// Whether any input has a witness; then it is in the form of BIP144.
  public let hasWitness: Bool

  /// Where the count of inputs, the first input, the first output and the first witness are; the witnesses end
  /// where the lock time is.
  private let offsets: (start: Int, inputs: Int, outputs: Int, witnesses: Int)

  /// Looks at the payload of a message. What follows the transaction is not looked at.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan) throws(WireError) {
    var reader = ByteReader(payload)
    try self.init(from: &reader)
  }

  /// Looks at the transaction that `reader` stands before, and moves it past. As Bitcoin Core does, it refuses
  /// flags other than 1, and 1 where every witness is empty; and it takes one with no inputs and flag 0 for one
  /// with no outputs either.
  @_lifetime(copy reader)
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    let first = reader.offset
    version = try reader.little("transaction version")
    var start = reader.offset
    var inputs = try Self.countInputs(&reader)
    var flags: UInt8 = 0
    if inputs == 0 {
      let offset = reader.offset
      flags = try reader.little("transaction flags")
      guard flags <= 1 else {
        throw WireError(.invalid("are \(flags)"), field: "transaction flags", offset: offset)
      }
      if flags == 1 {
        start = reader.offset
        inputs = try Self.countInputs(&reader)
      }
    }
    inputCount = inputs
    let inputsOffset = reader.offset
    for _ in 0..<inputCount { _ = try TransactionInputView(from: &reader) }
    // Where there is nothing at all, the byte taken for flags was the count of outputs.
    outputCount = flags == 0 && inputs == 0 ? 0 : try Self.countOutputs(&reader)
    let outputsOffset = reader.offset
    for _ in 0..<outputCount { _ = try TransactionOutputView(from: &reader) }
    let witnessesOffset = reader.offset
    hasWitness = flags == 1
    if hasWitness {
      var isEmpty = true
      for _ in 0..<inputCount {
        let count = try WitnessView.skip(&reader)
        isEmpty = isEmpty && count == 0
      }
      guard !isEmpty else {
        throw WireError(.invalid("is empty"), field: "transaction witness", offset: witnessesOffset)
      }
    }
    lockTime = try reader.little("lock time")
    bytes = reader.bytes.extracting(first..<reader.offset)
    offsets = (start - first, inputsOffset - first, outputsOffset - first, witnessesOffset - first)
  }

  /// What it spends, in order.
  public var inputs: TransactionInputCursor {
    @_lifetime(copy self) get { TransactionInputCursor(remaining: inputCount, bytes.from(offsets.inputs)) }
  }

  /// What it creates, in order.
  public var outputs: TransactionOutputCursor {
    @_lifetime(copy self) get { TransactionOutputCursor(remaining: outputCount, bytes.from(offsets.outputs)) }
  }

  /// The witnesses, one for each input in order; none where it has none.
  public var witnesses: WitnessCursor {
    @_lifetime(copy self) get {
      WitnessCursor(remaining: hasWitness ? inputCount : 0, bytes.from(offsets.witnesses))
    }
  }

  /// The name that does not depend on witnesses. Computed anew each time.
  public var txid: Hash256 {
    guard hasWitness else { return wtxid }
    return Hash256(
      doubleSHA256: bytes.extracting(first: MemoryLayout<UInt32>.size),
      bytes.extracting(offsets.start..<offsets.witnesses),
      bytes.extracting(last: MemoryLayout<UInt32>.size)
    )
  }

  /// The name that depends on witnesses (BIP141); the txid where there are none. Computed anew each time.
  public var wtxid: Hash256 { Hash256(doubleSHA256: bytes) }

  @_lifetime(reader: copy reader)
  private static func countInputs(_ reader: inout ByteReader) throws(WireError) -> Int {
    try reader.count("input count", maximum: .maximumSize, size: TransactionInput.minimumSize)
  }

  @_lifetime(reader: copy reader)
  private static func countOutputs(_ reader: inout ByteReader) throws(WireError) -> Int {
    try reader.count("output count", maximum: .maximumSize, size: TransactionOutput.minimumSize)
  }
}

extension RawSpan {
  /// All bytes from `offset` on.
  @_lifetime(copy self)
  func from(_ offset: Int) -> RawSpan { extracting(offset..<byteCount) }
}
