import Bytes

/// The inputs of a transaction, read one after another from where they lie.
public struct TransactionInputCursor: ~Escapable {
  /// How many inputs are left.
  public private(set) var remaining: Int

  private var reader: ByteReader

  /// Stands before the first of `remaining` inputs, which were checked.
  @_lifetime(copy bytes)
  init(remaining: Int, _ bytes: RawSpan) {
    self.remaining = remaining
    reader = ByteReader(bytes)
  }

  /// The next input; nil where all are read.
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  public mutating func next() -> TransactionInputView? {
    guard remaining > 0 else { return nil }
    remaining -= 1
    do throws(WireError) {
      return try TransactionInputView(from: &reader)
    } catch {
      preconditionFailure("the transaction was checked: \(error)")
    }
  }
}

/// The outputs of a transaction, read one after another from where they lie.
public struct TransactionOutputCursor: ~Escapable {
  /// How many outputs are left.
  public private(set) var remaining: Int

  private var reader: ByteReader

  /// Stands before the first of `remaining` outputs, which were checked.
  @_lifetime(copy bytes)
  init(remaining: Int, _ bytes: RawSpan) {
    self.remaining = remaining
    reader = ByteReader(bytes)
  }

  /// The next output; nil where all are read.
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  public mutating func next() -> TransactionOutputView? {
    guard remaining > 0 else { return nil }
    remaining -= 1
    do throws(WireError) {
      return try TransactionOutputView(from: &reader)
    } catch {
      preconditionFailure("the transaction was checked: \(error)")
    }
  }
}

/// The witnesses of a transaction, one for each input, read one after another from where they lie.
public struct WitnessCursor: ~Escapable {
  /// How many witnesses are left.
  public private(set) var remaining: Int

  private var reader: ByteReader

  /// Stands before the first of `remaining` witnesses, which were checked.
  @_lifetime(copy bytes)
  init(remaining: Int, _ bytes: RawSpan) {
    self.remaining = remaining
    reader = ByteReader(bytes)
  }

  /// The next input's witness; nil where all are read.
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  public mutating func next() -> WitnessView? {
    guard remaining > 0 else { return nil }
    remaining -= 1
    do throws(WireError) {
      return try WitnessView(from: &reader)
    } catch {
      preconditionFailure("the transaction was checked: \(error)")
    }
  }
}
