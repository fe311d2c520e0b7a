import Bytes
import JSON

/// `tx`: a transaction, with its witnesses where it has any (BIP144).
///
/// 4 bytes version; where there are witnesses, marker 0 and flag 1; inputs; outputs; where there are
/// witnesses, one for each input; 4 bytes lock time. Integers are little-endian, counts CompactSizes.
public struct Transaction: MessagePayload {
  /// Version of the rules it is under.
  public var version: UInt32

  /// What it spends.
  public var inputs: [TransactionInput]

  /// What it creates.
  public var outputs: [TransactionOutput]

  /// Until when it is not final: a height below 500,000,000, or seconds since the Unix epoch.
  public var lockTime: UInt32

  /// Creates a transaction of these parts.
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

  /// Reads a transaction, strictly as `TransactionView` does.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    self.init(try TransactionView(from: &reader))
  }

  /// Copies a transaction from where it lies.
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

  /// Writes both names and every field.
  public func write(to json: inout JSONWriter) {
    json.member("txid", txid)
    json.member("wtxid", wtxid)
    json.member("version", version)
    json.objects("inputs", inputs) { $1.write(to: &$0) }
    json.objects("outputs", outputs) { $1.write(to: &$0) }
    json.member("lock_time", lockTime)
  }

  /// Whether any input has a witness.
  public var hasWitness: Bool { inputs.contains { !$0.witness.isEmpty } }

  /// The name that does not depend on witnesses. Computed anew each time.
  public var txid: Hash256 { hash(witness: false) }

  /// The name that depends on witnesses (BIP141); the txid where there are none. Computed anew each time.
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
  /// `MAX_SIZE` of Bitcoin Core as a count.
  static var maximumSize: Int { 0x0200_0000 }
}
