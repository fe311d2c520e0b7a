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

  /// Reads a transaction. As Bitcoin Core does, it refuses flags other than 1, and 1 where every
  /// witness is empty; and it takes one with no inputs and flag 0 for one with no outputs either.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    version = try reader.little(UInt32.self, "transaction version")
    inputs = try Self.inputs(from: &reader)
    var flags: UInt8 = 0
    if inputs.isEmpty {
      let offset = reader.offset
      flags = try reader.little(UInt8.self, "transaction flags")
      guard flags <= 1 else {
        throw WireError(.invalid("are \(flags)"), field: "transaction flags", offset: offset)
      }
      if flags == 1 { inputs = try Self.inputs(from: &reader) }
    }
    outputs = flags == 0 && inputs.isEmpty ? [] : try Self.outputs(from: &reader)
    if flags == 1 {
      let offset = reader.offset
      for index in inputs.indices { inputs[index].witness = try Self.witness(from: &reader) }
      guard inputs.contains(where: { !$0.witness.isEmpty }) else {
        throw WireError(.invalid("is empty"), field: "transaction witness", offset: offset)
      }
    }
    lockTime = try reader.little(UInt32.self, "lock time")
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

  @_lifetime(reader: copy reader)
  private static func inputs(from reader: inout ByteReader) throws(WireError) -> [TransactionInput] {
    let count = try reader.count("input count", maximum: .maximumSize, size: TransactionInput.minimumSize)
    var inputs: [TransactionInput] = []
    inputs.reserveCapacity(count)
    for _ in 0..<count { inputs.append(try TransactionInput(from: &reader)) }
    return inputs
  }

  @_lifetime(reader: copy reader)
  private static func outputs(from reader: inout ByteReader) throws(WireError) -> [TransactionOutput] {
    let count = try reader.count("output count", maximum: .maximumSize, size: TransactionOutput.minimumSize)
    var outputs: [TransactionOutput] = []
    outputs.reserveCapacity(count)
    for _ in 0..<count { outputs.append(try TransactionOutput(from: &reader)) }
    return outputs
  }

  @_lifetime(reader: copy reader)
  private static func witness(from reader: inout ByteReader) throws(WireError) -> [[UInt8]] {
    let count = try reader.count("witness count", maximum: .maximumSize, size: 1)
    var items: [[UInt8]] = []
    // An item may be a single byte and an array is eight: growth follows what is really there.
    for _ in 0..<count { items.append(try reader.counted("witness item", maximum: .maximumSize)) }
    return items
  }
}

extension Int {
  /// `MAX_SIZE` of Bitcoin Core as a count.
  static var maximumSize: Int { 0x0200_0000 }
}
