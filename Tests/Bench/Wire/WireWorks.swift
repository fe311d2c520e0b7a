import BitcoinWire
import Bytes

/// The works of `bench wire`, in groups that are measured in turns.
struct WireWorks {
  /// The input.
  let corpus: WireCorpus

  /// Framing a stream with its checksums, and computing the checksums alone.
  var framing: [Work] {
    let stream = corpus.stream
    let payloads = corpus.streamPayloads
    let framer = Network.mainnet.framer
    return [
      work("sha256d", payloads) { Hash256.checksum($0) == 0 ? 1 : 0 },
      Work(name: "framing", messages: payloads.count, bytes: stream.count) {
        var offset = 0
        var valid: UInt64 = 0
        while case .message(_, let total, let isValid) = framer.next(
          in: stream.span.bytes.extracting(offset...)
        ) {
          offset += total
          valid += isValid ? 1 : 0
        }
        precondition(offset == stream.count && valid == payloads.count)
        return valid
      },
    ]
  }

  /// Decoding, viewing and encoding the payloads of a command.
  func decoding(_ command: Command) -> [Work] {
    let payloads = corpus.payloads[command] ?? []
    let messages = payloads.map { payload in
      try! Message.decode(command, payload: payload.span.bytes).message
    }
    var works = [
      work("\(command).decode", payloads) { payload in
        try! Message.decode(command, payload: payload).message.command == command ? 1 : 0
      }
    ]
    if let view = Self.views[command] { works.append(work("\(command).view", payloads, view)) }
    works.append(
      Work(name: "\(command).encode", messages: messages.count, bytes: payloads.reduce(0) { $0 + $1.count }) {
        messages.reduce(0) { $0 + UInt64($1.payload.count) }
      }
    )
    return works
  }

  /// Hashing all transactions of a block, and its Merkle tree.
  var hashing: [Work] {
    let blocks = corpus.payloads[.block] ?? []
    return [
      work("block.merkle", blocks) { payload in
        let cursor = try! BlockCursor(payload)
        let root = cursor.header.merkleRoot
        return try! cursor.computedMerkleRoot() == root ? 1 : 0
      }
    ]
  }

  /// Functions that read all fields of a payload without allocations.
  private static let views: [Command: @Sendable (RawSpan) -> UInt64] = [
    .inv: { payload in
      let view = try! InventoryView(payload)
      var sum: UInt64 = 0
      for index in 0..<view.count {
        let item = view[index]
        sum &+= UInt64(item.type.rawValue) &+ (item.hash == .zero ? 1 : 0)
      }
      return sum
    },
    .addr: { payload in
      let view = try! AddrView(payload)
      var sum: UInt64 = 0
      for index in 0..<view.count {
        let node = view[index]
        sum &+=
          UInt64(node.time) &+ UInt64(node.endpoint.port) &+ UInt64(node.endpoint.address.network.rawValue)
      }
      return sum
    },
    .addrv2: { payload in
      var cursor = try! AddrV2Cursor(payload)
      var sum: UInt64 = 0
      while let node = try! cursor.next() {
        sum &+=
          UInt64(node.time) &+ UInt64(node.endpoint.port) &+ UInt64(node.endpoint.address.network.rawValue)
      }
      return sum
    },
    .tx: { payload in read(try! TransactionView(payload)) },
    .block: { payload in
      var cursor = try! BlockCursor(payload)
      var sum: UInt64 = 0
      while let transaction = try! cursor.next() { sum &+= read(transaction) }
      return sum
    },
  ]

  private static func read(_ transaction: borrowing TransactionView) -> UInt64 {
    var sum = UInt64(transaction.lockTime)
    var inputs = transaction.inputs
    while let input = inputs.next() { sum &+= UInt64(input.script.byteCount) &+ UInt64(input.previous.index) }
    var outputs = transaction.outputs
    while let output = outputs.next() { sum &+= UInt64(bitPattern: output.value) }
    return sum
  }

  private func work(_ name: String, _ payloads: [[UInt8]], _ read: @escaping (RawSpan) -> UInt64) -> Work {
    Work(name: name, messages: payloads.count, bytes: payloads.reduce(0) { $0 + $1.count }) {
      var sum: UInt64 = 0
      for payload in payloads { sum &+= read(payload.span.bytes) }
      return sum
    }
  }
}
