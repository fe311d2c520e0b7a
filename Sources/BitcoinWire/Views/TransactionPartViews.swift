import Bytes

/// What a transaction spends, where it lies; the witness is apart.
public struct TransactionInputView: ~Escapable {
  /// The output that is spent.
  public let previous: OutPoint

  /// The script that satisfies the output's.
  public let script: RawSpan

  /// Relative lock time and replaceability (BIP68, BIP125).
  public let sequence: UInt32

  @_lifetime(copy reader)
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError) {
    let txid = try reader.hash("input txid")
    previous = OutPoint(txid: txid, index: try reader.little("input index"))
    script = try reader.countedSpan("input script", maximum: .maximumSize)
    sequence = try reader.little("input sequence")
  }
}

/// What a transaction creates, where it lies.
public struct TransactionOutputView: ~Escapable {
  /// The amount in satoshi; not checked against anything.
  public let value: Int64

  /// The script that whoever spends it must satisfy.
  public let script: RawSpan

  @_lifetime(copy reader)
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError) {
    value = try reader.little("output value")
    script = try reader.countedSpan("output script", maximum: .maximumSize)
  }
}

/// The witness of one input, where it lies: a stack of items, read one after another.
public struct WitnessView: ~Escapable {
  /// How many items are left; before the first `next`, how many there are.
  public private(set) var remaining: Int

  private var reader: ByteReader

  @_lifetime(copy reader)
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError) {
    self.reader = reader
    remaining = try Self.skip(&reader)
    _ = try self.reader.compactSize("witness count")
  }

  /// Moves `reader` past a witness, and returns how many items it has.
  @_lifetime(reader: copy reader)
  static func skip(_ reader: inout ByteReader) throws(WireError) -> Int {
    let count = try reader.count("witness count", maximum: .maximumSize, size: 1)
    for _ in 0..<count { _ = try reader.countedSpan("witness item", maximum: .maximumSize) }
    return count
  }

  /// The next item; nil where all are read.
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  public mutating func next() -> RawSpan? {
    guard remaining > 0 else { return nil }
    remaining -= 1
    do throws(WireError) {
      return try reader.countedSpan("witness item", maximum: .maximumSize)
    } catch {
      preconditionFailure("the witness was checked: \(error)")
    }
  }
}
