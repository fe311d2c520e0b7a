import BitcoinWire
import Bytes
import Testing

/// Compares with the package in `libraries/python`, which was written from the documents.
@Suite struct PythonPackageCrossCheckTests {
  @Test(.enabled(if: CrossCheck.python != nil))
  func agreesWithOurPackageAlsoAboutWhatIsWrong() throws {
    var random = SplitMix(state: 11)
    var sent: [(command: Command, payload: [UInt8])] = []
    var messages = Samples.messages
    for _ in 0..<30 { messages += random.messages() }
    for message in messages where message.isReadByOurPackage {
      sent.append((message.command, message.payload))
      for _ in 0..<4 { sent.append((message.command, random.damaged(message.payload))) }
    }
    let answers = try CrossCheck(script: "crosscheck_netmine.py").run(
      sent.map { Network.mainnet.frame(.unknown(command: $0.command, payload: $0.payload)) },
      make: 0
    )
    var refused = 0
    for (message, answer) in zip(sent, answers) {
      let told =
        "\(message.command) \(Hexadecimal.text(message.payload.prefix(200))): \(answer.fields.prefix(200))"
      guard let decoded = try? Message.decode(message.command, message.payload) else {
        #expect(answer.word == "refused", "\(told)")
        refused += 1
        continue
      }
      #expect(answer.word == "read", "\(told)")
      guard answer.word == "read" else { continue }
      #expect(answer.fields == decoded.message.fields, "\(told)")
      // It does not keep transaction counts in `headers`, or `relay` bytes above 1; they have no meaning.
      switch decoded.message {
      case .headers, .version: break
      default: #expect(answer.bytes == message.payload, "\(told)")
      }
    }
    #expect(refused > 500)
    #expect(sent.count - refused > 500)
  }
}

extension Message {
  fileprivate var isReadByOurPackage: Bool {
    switch self {
    case .version, .verack, .wtxidrelay, .sendaddrv2, .sendheaders, .sendcmpct, .feefilter, .ping, .pong,
      .getaddr,
      .addr, .addrv2, .inv, .getdata, .notfound, .getheaders, .getblocks, .headers, .tx, .block, .mempool,
      .reject,
      .filterclear:
      true
    default: false
    }
  }

  /// The fields in the form of `crosscheck_netmine.py`.
  fileprivate var fields: String {
    switch self {
    case .version(let message):
      ([
        "\(message.version)", "\(message.services.rawValue)", "\(message.time)",
        "\(message.receiver.endpoint)",
        message.sender.map { "\($0.endpoint)" }, message.nonce.map(String.init),
        message.userAgent.map { Hexadecimal.text($0) }, message.startHeight.map(String.init),
        message.relay.map { $0 ? "1" : "0" },
      ] as [String?]).compactMap(\.self).joined(separator: " ")
    case .addr(let message): list(message.nodes)
    case .addrv2(let message): list(message.nodes)
    case .inv(let message), .getdata(let message), .notfound(let message):
      message.items.map { "\($0.type.rawValue)/\($0.hash)" }.joined(separator: " ")
    case .headers(let message): message.headers.map { "\($0.hash)" }.joined(separator: " ")
    case .getheaders(let message), .getblocks(let message):
      (message.locator + [message.stop]).map(\.description).joined(separator: " ")
    case .tx(let transaction): transaction.fields
    case .block(let block):
      (["\(block.header.hash)"] + block.transactions.map(\.fields)).joined(separator: " ")
    default: ""
    }
  }

  private func list(_ nodes: [KnownNode]) -> String {
    nodes.map { "\($0.time)/\($0.services.rawValue)/\($0.endpoint)" }.joined(separator: " ")
  }
}

extension Transaction {
  fileprivate var fields: String {
    let spent = inputs.reduce(0) { $0 + $1.witness.reduce(0) { $0 + $1.count } }
    let paid = outputs.reduce(Int128(0)) { $0 + Int128($1.value) }
    return "\(txid)/\(wtxid)/\(inputs.count)/\(spent)/\(paid)"
  }
}
