import Bytes

/// A transaction in place. It is checked once from end to end; its parts are read on access, without an
/// allocation.
public struct TransactionView: ~Escapable {
  /// The whole transaction in wire format.
  public let bytes: RawSpan

  /// The version of the transaction's rules.
  public let version: UInt32

  /// The number of inputs.
  public let inputCount: Int

  /// The number of outputs.
  public let outputCount: Int

  /// The last block height, if below 500,000,000, or else the last time, in seconds since the Unix epoch, at
  /// which the transaction is not final.
  public let lockTime: UInt32

  /// Whether the transaction is in the form of BIP144; then at least one input has a witness.
  public let hasWitness: Bool

  /// The offsets of the input count, the first input, the first output and the first witness. The witnesses
  /// end at the lock time.
  private let offsets: (start: Int, inputs: Int, outputs: Int, witnesses: Int)

  /// Opens the payload of a message. Ignores the bytes after the transaction.
  @_lifetime(copy payload)
  public init(_ payload: RawSpan) throws(WireError) {
    var reader = ByteReader(payload)
    try self.init(from: &reader)
  }

  /// Opens the transaction at the position of `reader`, and moves it past the transaction. Like Bitcoin Core,
  /// it refuses flags other than 1, and flag 1 if every witness is empty. Like Core, it reads a transaction
  /// without inputs and with flag 0 as one without outputs too.
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
    // In a transaction without inputs and outputs, the byte read as flags was the output count.
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

  /// The inputs, in order.
  public var inputs: TransactionInputCursor {
    @_lifetime(copy self) get { TransactionInputCursor(remaining: inputCount, bytes.from(offsets.inputs)) }
  }

  /// The outputs, in order.
  public var outputs: TransactionOutputCursor {
    @_lifetime(copy self) get { TransactionOutputCursor(remaining: outputCount, bytes.from(offsets.outputs)) }
  }

  /// The witnesses in order, one for each input; empty if `hasWitness` is false.
  public var witnesses: WitnessCursor {
    @_lifetime(copy self) get {
      WitnessCursor(remaining: hasWitness ? inputCount : 0, bytes.from(offsets.witnesses))
    }
  }

  /// The identifier without the witnesses. Computed on each access.
  public var txid: Hash256 {
    guard hasWitness else { return wtxid }
    return Hash256(
      doubleSHA256: bytes.extracting(first: MemoryLayout<UInt32>.size),
      bytes.extracting(offsets.start..<offsets.witnesses),
      bytes.extracting(last: MemoryLayout<UInt32>.size)
    )
  }

  /// The identifier with the witnesses (BIP141); equals the txid if there are none. Computed on each access.
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
