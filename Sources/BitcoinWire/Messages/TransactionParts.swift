import Bytes
import JSON

/// One output of one transaction. 36 bytes on the wire.
public struct OutPoint: Hashable, Sendable, CustomStringConvertible {
  /// The transaction; zero in a coinbase.
  public var txid: Hash256

  /// Which of its outputs, from 0; 0xFFFFFFFF in a coinbase.
  public var index: UInt32

  /// Names an output.
  public init(txid: Hash256, index: UInt32) {
    self.txid = txid
    self.index = index
  }

  /// The txid and the index, with a colon between them.
  public var description: String { "\(txid):\(index)" }
}

/// What a transaction spends, and what proves that it may.
public struct TransactionInput: Hashable, Sendable {
  /// The least length on the wire in bytes, without the witness.
  public static let minimumSize = 41

  /// The output that is spent.
  public var previous: OutPoint

  /// The script that satisfies the output's.
  public var script: [UInt8]

  /// Relative lock time and replaceability (BIP68, BIP125).
  public var sequence: UInt32

  /// The stack of the witness (BIP141), empty where there is none.
  public var witness: [[UInt8]]

  /// Creates an input of these parts.
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

  /// Copies it without a witness: that comes after all outputs.
  init(_ view: borrowing TransactionInputView) {
    previous = view.previous
    script = Array(view.script)
    sequence = view.sequence
    witness = []
  }

  /// Appends it without a witness: that comes after all outputs.
  func append(to bytes: inout [UInt8]) {
    bytes.append(previous.txid)
    bytes.appendLittle(previous.index)
    bytes.appendCounted(script)
    bytes.appendLittle(sequence)
  }

  /// Takes the fields.
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

/// What a transaction creates.
public struct TransactionOutput: Hashable, Sendable {
  /// The least length on the wire in bytes.
  public static let minimumSize = 9

  /// The amount in satoshi; not checked against anything.
  public var value: Int64

  /// The script that whoever spends it must satisfy.
  public var script: [UInt8]

  /// Creates an output of these parts.
  public init(value: Int64, script: [UInt8]) {
    self.value = value
    self.script = script
  }

  /// Copies it.
  init(_ view: borrowing TransactionOutputView) {
    value = view.value
    script = Array(view.script)
  }

  /// Appends the amount and the script.
  func append(to bytes: inout [UInt8]) {
    bytes.appendLittle(value)
    bytes.appendCounted(script)
  }

  /// Takes the fields.
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
  /// Copies the items of a witness. An item may be a single byte on the wire and is eight or more here: growth
  /// follows what is really there.
  init(_ view: consuming WitnessView) {
    self = []
    while let item = view.next() { append(Array<UInt8>(item)) }
  }
}
