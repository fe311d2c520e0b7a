import BitcoinWire
import Bytes
import Captures
import Testing

/// Compares with python-bitcoinlib, an implementation that shares no code with this one.
@Suite struct CrossCheckTests {
  @Test(.enabled(if: CrossCheck.python != nil))
  func agreesWithPythonBitcoinlib() throws {
    var random = SplitMix(state: 1)
    var sent = Samples.messages.filter { $0.isKnownToPython }
    for _ in 0..<40 { sent += random.messages().filter(\.isKnownToPython) }
    try CrossCheck(script: "crosscheck.py").expectAgreement(about: sent, make: 900, fields: \.fields) {
      guard case .block(let block) = $0 else { return }
      #expect(block.computedMerkleRoot == block.header.merkleRoot)
    }
  }

  @Test(.enabled(if: CrossCheck.python != nil && Samples.data != nil))
  func agreesWithPythonBitcoinlibAboutWhatRealNodesSay() throws {
    let bytes = try Samples.file("blocks/block413567.raw")
    let block = try Block(bytes.span.bytes)
    var sent = [Message.block(block)]
    for file in CaptureTests.Capture.all.map(\.file) {
      let capture = try Samples.file("captures/\(file)")
      for stream in try CapturedStream.read(capture, magic: Network.mainnet.magicBytes) {
        for message in stream.messages(of: .mainnet).messages { sent.append(try message.decoded.message) }
      }
    }
    sent = sent.filter(\.isKnownToPython)
    // All messages except the `addrv2` ones.
    #expect(sent.count == 1 + 3674 - 5)
    let answers = try CrossCheck(script: "crosscheck.py").run(sent.map(Network.mainnet.frame), make: 0)
    for (message, answer) in zip(sent, answers) {
      #expect(answer.bytes == Network.mainnet.frame(message))
      #expect(answer.fields == message.fields)
    }
    // The fields include the block's hash and the txid of every transaction.
    #expect(answers[0].fields.hasPrefix("\(block.header.hash) "))
    let words = Set(answers[0].fields.split(separator: " "))
    #expect(block.transactions.allSatisfy { words.contains("\($0.txid)") })
  }
}

extension Message {
  fileprivate var isKnownToPython: Bool {
    switch self {
    case .ping(let ping): ping.nonce != nil
    case .reject(let reject): reject.hash == nil
    case .version, .verack, .addr, .inv, .getdata, .notfound, .getblocks, .getheaders, .headers, .tx, .block,
      .getaddr, .pong, .mempool, .alert, .filterload:
      true
    default: false
    }
  }

  /// The fields in the form of `crosscheck.py`.
  fileprivate var fields: String {
    switch self {
    case .version(let message):
      "\(message.version) \(message.services.rawValue) \(message.time) \(message.receiver.fields) "
        + "\(message.sender!.fields) \(message.nonce!) \(Hexadecimal.text(message.userAgent!)) "
        + "\(message.startHeight!) \(message.relay! ? 1 : 0)"
    case .addr(let message):
      message.nodes.map { "\($0.time)/\($0.services.rawValue)/\($0.endpoint)" }.joined(separator: " ")
    case .inv(let message), .getdata(let message), .notfound(let message):
      message.items.map { "\($0.type.rawValue)/\($0.hash)" }.joined(separator: " ")
    case .getheaders(let message), .getblocks(let message):
      (["\(message.version)"] + (message.locator + [message.stop]).map(\.description)).joined(separator: " ")
    case .headers(let message): message.headers.map(\.fields).joined(separator: " ")
    case .tx(let transaction): transaction.fields
    case .block(let block): ([block.header.fields] + block.transactions.map(\.fields)).joined(separator: " ")
    case .ping(let message): "\(message.nonce!)"
    case .pong(let message): "\(message.nonce)"
    case .reject(let message):
      "\(Hexadecimal.text(message.command)) \(message.code) \(Hexadecimal.text(message.reason))"
    case .alert(let message): "\(Hexadecimal.text(message.content)) \(Hexadecimal.text(message.signature))"
    case .filterload(let message):
      "\(Hexadecimal.text(message.filter)) \(message.hashFunctions) \(message.tweak) \(message.flags)"
    default: ""
    }
  }
}

extension VersionMessage.Party {
  fileprivate var fields: String { "\(services.rawValue) \(endpoint)" }
}

extension BlockHeader {
  fileprivate var fields: String { "\(hash) \(version) \(previous) \(merkleRoot) \(time) \(bits) \(nonce)" }
}

extension Transaction {
  fileprivate var fields: String {
    let inputs = inputs.map {
      let witness = $0.witness.map { Hexadecimal.text($0) }.joined(separator: "+")
      return "\($0.previous)/\(Hexadecimal.text($0.script))/\($0.sequence)/\(witness)"
    }
    let outputs = outputs.map { "\($0.value)/\(Hexadecimal.text($0.script))" }
    return "\(txid) \(wtxid) \(Int32(bitPattern: version)) \(inputs.joined(separator: ",")) "
      + "\(outputs.joined(separator: ",")) \(lockTime)"
  }
}
