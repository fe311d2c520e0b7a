import Bytes

/// An input of a transaction, in place, without its witness.
public struct TransactionInputView: ~Escapable {
  /// The output that the input spends.
  public let previous: OutPoint

  /// The script that satisfies the output's script.
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

/// An output of a transaction, in place.
public struct TransactionOutputView: ~Escapable {
  /// The amount in satoshi; not checked.
  public let value: Int64

  /// The script that a spender must satisfy.
  public let script: RawSpan

  @_lifetime(copy reader)
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError) {
    value = try reader.little("output value")
    script = try reader.countedSpan("output script", maximum: .maximumSize)
  }
}

/// The witness of one input, in place: a stack of items, read one by one.
public struct WitnessView: ~Escapable {
  /// The number of items not read yet; before the first `next`, the total.
  public private(set) var remaining: Int

  private var reader: ByteReader

  @_lifetime(copy reader)
  @_lifetime(reader: copy reader)
  init(from reader: inout ByteReader) throws(WireError) {
    self.reader = reader
    remaining = try Self.skip(&reader)
    _ = try self.reader.compactSize("witness count")
  }

  /// Moves `reader` past a witness, and returns its number of items.
  @_lifetime(reader: copy reader)
  static func skip(_ reader: inout ByteReader) throws(WireError) -> Int {
    let count = try reader.count("witness count", maximum: .maximumSize, size: 1)
    for _ in 0..<count { _ = try reader.countedSpan("witness item", maximum: .maximumSize) }
    return count
  }

  /// Reads the next item; nil after the last one.
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
