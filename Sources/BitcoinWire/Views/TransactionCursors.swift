import Bytes

/// Reads the inputs of a transaction one by one, in place.
public struct TransactionInputCursor: ~Escapable {
  /// The number of inputs not read yet.
  public private(set) var remaining: Int

  private var reader: ByteReader

  /// Starts before the first of `remaining` inputs, which must be checked already.
  @_lifetime(copy bytes)
  init(remaining: Int, _ bytes: RawSpan) {
    self.remaining = remaining
    reader = ByteReader(bytes)
  }

  /// Reads the next input; nil after the last one.
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

/// Reads the outputs of a transaction one by one, in place.
public struct TransactionOutputCursor: ~Escapable {
  /// The number of outputs not read yet.
  public private(set) var remaining: Int

  private var reader: ByteReader

  /// Starts before the first of `remaining` outputs, which must be checked already.
  @_lifetime(copy bytes)
  init(remaining: Int, _ bytes: RawSpan) {
    self.remaining = remaining
    reader = ByteReader(bytes)
  }

  /// Reads the next output; nil after the last one.
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

/// Reads the witnesses of a transaction one by one, in place. There is one for each input.
public struct WitnessCursor: ~Escapable {
  /// The number of witnesses not read yet.
  public private(set) var remaining: Int

  private var reader: ByteReader

  /// Starts before the first of `remaining` witnesses, which must be checked already.
  @_lifetime(copy bytes)
  init(remaining: Int, _ bytes: RawSpan) {
    self.remaining = remaining
    reader = ByteReader(bytes)
  }

  /// Reads the next input's witness; nil after the last one.
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
