import Bytes
import JSON

/// An output of a transaction, by reference. 36 bytes on the wire.
public struct OutPoint: Hashable, Sendable, CustomStringConvertible {
  /// The transaction; zero in a coinbase.
  public var txid: Hash256

  /// The position of the output, from 0; 0xFFFFFFFF in a coinbase.
  public var index: UInt32

  /// Joins a txid and the position of an output.
  public init(txid: Hash256, index: UInt32) {
    self.txid = txid
    self.index = index
  }

  /// The txid and the index, separated by a colon.
  public var description: String { "\(txid):\(index)" }
}

/// An input of a transaction: the output that it spends, and the proof that it may.
public struct TransactionInput: Hashable, Sendable {
  /// The minimum length on the wire in bytes, without the witness.
  public static let minimumSize = 41

  /// The output that the input spends.
  public var previous: OutPoint

  /// The script that satisfies the output's script.
  public var script: [UInt8]

  /// Relative lock time and replaceability (BIP68, BIP125).
  public var sequence: UInt32

  /// The witness stack (BIP141); empty if there is no witness.
  public var witness: [[UInt8]]

  /// Creates an input from its parts.
  public init(
    previous: OutPoint,
    script: [UInt8],
    sequence: UInt32 = .max,
    witness: [[UInt8]] = []
  ) {
    self.previous = previous
    self.script = script
    self.sequence = sequence
    self.witness = witness
  }

  /// Copies an input without its witness, which comes after all outputs.
  init(_ view: borrowing TransactionInputView) {
    previous = view.previous
    script = Array(view.script)
    sequence = view.sequence
    witness = []
  }

  /// Appends the input without its witness, which comes after all outputs.
  func append(to bytes: inout [UInt8]) {
    bytes.append(previous.txid)
    bytes.appendLittle(previous.index)
    bytes.appendCounted(script)
    bytes.appendLittle(sequence)
  }

  /// Makes the input from its fields.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      previous: OutPoint(txid: try fields.requiredHash("txid"), index: try fields.integer("index")),
      script: try fields.bytes("script", default: []),
      sequence: try fields.integer("sequence", default: .max),
      witness: try fields.list("witness") { (item: inout FieldReader) throws(FieldError) in
        try item.bytes(FieldReader.value)
      }
    )
  }

  /// Writes every field.
  func write(to json: inout JSONWriter) {
    json.member("txid", previous.txid)
    json.member("index", previous.index)
    json.hexadecimal("script", script)
    json.member("sequence", sequence)
    json.hexadecimal("witness", witness)
  }
}

/// An output of a transaction.
public struct TransactionOutput: Hashable, Sendable {
  /// The minimum length on the wire in bytes.
  public static let minimumSize = 9

  /// The amount in satoshi; not checked.
  public var value: Int64

  /// The script that a spender must satisfy.
  public var script: [UInt8]

  /// Creates an output from its parts.
  public init(value: Int64, script: [UInt8]) {
    self.value = value
    self.script = script
  }

  /// Copies an output out of a view.
  init(_ view: borrowing TransactionOutputView) {
    value = view.value
    script = Array(view.script)
  }

  /// Appends the amount and the script.
  func append(to bytes: inout [UInt8]) {
    bytes.appendLittle(value)
    bytes.appendCounted(script)
  }

  /// Makes the output from its fields.
  init(fields: inout FieldReader) throws(FieldError) {
    self.init(value: try fields.integer("value"), script: try fields.bytes("script", default: []))
  }

  /// Writes the amount in satoshi and the script.
  func write(to json: inout JSONWriter) {
    json.member("value", value)
    json.hexadecimal("script", script)
  }
}

extension [[UInt8]] {
  /// Copies the items of a witness. An item can be a single byte on the wire but takes eight or more in
  /// memory, so memory is reserved as items arrive, not by their claimed count.
  init(_ view: consuming WitnessView) {
    self = []
    while let item = view.next() { append(Array<UInt8>(item)) }
  }
}
