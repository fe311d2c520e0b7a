import Bytes
import JSON

/// `tx`: a transaction, with its witnesses if it has any (BIP144).
///
/// 4 bytes version; marker 0 and flag 1 if there are witnesses; inputs; outputs; a witness for each input if
/// there are witnesses; 4 bytes lock time. Integers are little-endian, counts are CompactSizes.
public struct Transaction: MessagePayload {
  /// The version of the transaction's rules.
  public var version: UInt32

  /// The inputs, in order.
  public var inputs: [TransactionInput]

  /// The outputs, in order.
  public var outputs: [TransactionOutput]

  /// The last block height, if below 500,000,000, or else the last time, in seconds since the Unix epoch, at
  /// which the transaction is not final.
  public var lockTime: UInt32

  /// Creates a transaction from its parts.
  public init(
    version: UInt32,
    inputs: [TransactionInput],
    outputs: [TransactionOutput],
    lockTime: UInt32
  ) {
    self.version = version
    self.inputs = inputs
    self.outputs = outputs
    self.lockTime = lockTime
  }

  /// Reads a transaction, with the same checks as `TransactionView`.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    self.init(try TransactionView(from: &reader))
  }

  /// Copies a transaction out of a view.
  public init(_ view: borrowing TransactionView) {
    version = view.version
    lockTime = view.lockTime
    inputs = []
    inputs.reserveCapacity(view.inputCount)
    outputs = []
    outputs.reserveCapacity(view.outputCount)
    var inputCursor = view.inputs
    while let input = inputCursor.next() { inputs.append(TransactionInput(input)) }
    var outputCursor = view.outputs
    while let output = outputCursor.next() { outputs.append(TransactionOutput(output)) }
    var witnesses = view.witnesses
    for index in inputs.indices {
      guard let witness = witnesses.next() else { break }
      inputs[index].witness = [[UInt8]](witness)
    }
  }

  /// Appends the transaction with its witnesses.
  public func append(to bytes: inout [UInt8]) { append(to: &bytes, witness: hasWitness) }

  /// Writes both identifiers and every field.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("txid", txid)
    json.member("wtxid", wtxid)
    json.member("version", version)
    json.objects("inputs", inputs) { $1.write(to: &$0) }
    json.objects("outputs", outputs) { $1.write(to: &$0) }
    json.member("lock_time", lockTime)
  }

  /// Makes the transaction from its fields, or from the whole as `bytes`. Ignores the identifiers, which
  /// follow.
  public init(fields: inout FieldReader) throws(FieldError) {
    if let transaction: Transaction = try fields.whole() {
      self = transaction
      return
    }
    fields.skip("txid", "wtxid")
    self.init(
      version: try fields.integer("version", default: 2),
      inputs: try fields.list("inputs", TransactionInput.init(fields:)),
      outputs: try fields.list("outputs", TransactionOutput.init(fields:)),
      lockTime: try fields.integer("lock_time", default: 0)
    )
  }

  /// The txid, the numbers of inputs and outputs, and the size.
  public func summary(in dialect: Dialect) -> String {
    "\(txid) \(inputs.count) in \(outputs.count) out \(bytes.count) bytes"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [
    .replacement("bytes", "=HEX"), .optional("version"), .optional("inputs", " (in JSON)"),
    .optional("outputs", " (in JSON)"), .optional("lock_time"),
  ]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples: [Transaction] = {
    let plain = Transaction(
      version: 2,
      inputs: [
        TransactionInput(
          previous: OutPoint(txid: BlockHeader.sample.merkleRoot, index: 7),
          script: [0x51, 0x52]
        )
      ],
      outputs: [
        TransactionOutput(value: 5_000_000_000, script: [0x6a]), TransactionOutput(value: 0, script: []),
      ],
      lockTime: 500_000
    )
    var witnessed = plain
    witnessed.inputs.append(
      TransactionInput(
        previous: OutPoint(txid: BlockHeader.sample.hash, index: 0),
        script: [],
        witness: [[], [1, 2, 3]]
      )
    )
    return [plain, witnessed]
  }()

  /// Whether any input has a witness.
  public var hasWitness: Bool { inputs.contains { !$0.witness.isEmpty } }

  /// The identifier without the witnesses. Computed on each access.
  public var txid: Hash256 { hash(witness: false) }

  /// The identifier with the witnesses (BIP141); equals the txid if there are none. Computed on each access.
  public var wtxid: Hash256 { hash(witness: hasWitness) }

  private func hash(witness: Bool) -> Hash256 {
    var bytes: [UInt8] = []
    append(to: &bytes, witness: witness)
    return Hash256(doubleSHA256: bytes.span.bytes)
  }

  private func append(to bytes: inout [UInt8], witness: Bool) {
    bytes.appendLittle(version)
    if witness { bytes.append(contentsOf: [0, 1]) }
    bytes.appendCompactSize(inputs.count)
    for input in inputs { input.append(to: &bytes) }
    bytes.appendCompactSize(outputs.count)
    for output in outputs { output.append(to: &bytes) }
    if witness {
      for input in inputs {
        bytes.appendCompactSize(input.witness.count)
        for item in input.witness { bytes.appendCounted(item) }
      }
    }
    bytes.appendLittle(lockTime)
  }
}

extension Int {
  /// Bitcoin Core's `MAX_SIZE`, as the limit of a count.
  static var maximumSize: Int { 0x0200_0000 }
}

extension Command {
  /// Carries a transaction.
  public static let tx: Command = "tx"
}

extension MessageKind {
  /// `tx`.
  static let tx = MessageKind(.tx, Message.tx, bips: [144])
}
