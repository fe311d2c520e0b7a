import BitcoinWire
import Bytes
import Foundation
import LogProtocol
import TestSupport
import Testing

/// Reads the pipeline's archive of a simulated network with implementations that share no code with ours.
@Suite(.serialized) struct DissectorTests {
  static let python = ProcessInfo.processInfo.environment["NETMINE_PYTHON"]

  /// The commands that both implementations know. Each is in the archive at least once.
  static let known: Set<Command> = [
    "version", "verack", "addr", "inv", "getdata", "notfound", "getblocks", "getheaders", "headers",
    "tx", "block", "getaddr", "ping", "pong",
  ]

  @Test(.enabled(if: Dissection.program != nil, "tshark is not installed"), .timeLimit(.minutes(3)))
  func tsharkReadsEveryMessageAsWeDo() throws {
    let deployment = Deployment()
    let archive = try archiveTraffic(deployment, base: "127.45.0.1")
    // The dissector is older than witnesses and loses its place at one. Python reads the messages with
    // witnesses.
    let messages = archive.filter { !$0.hasWitness }
    let connections = Set(messages.map(\.header.connection)).sorted()
    var capture = PacketCapture()
    var expected: [(record: ArchivedRecord, port: UInt16, time: UInt64)] = []
    for (index, connection) in connections.enumerated() {
      let port = PacketCapture.firstPort + UInt16(index)
      let own = messages.filter { $0.header.connection == connection }
      let times = capture.add(own, from: port)
      expected += zip(own, times).map { ($0, port, $1) }
    }
    let path = deployment.root + "archive.pcap"
    try Data(capture.bytes).write(to: URL(fileURLWithPath: path))
    let dissection = try Dissection(of: path, folder: deployment.root)
    #expect(dissection.messages.count == expected.count)
    #expect(!dissection.messages.contains { $0.isMalformed })

    var compared: Set<Command> = []
    for (index, isSent) in connections.indices.flatMap({ [($0, true), ($0, false)] }) {
      let port = PacketCapture.firstPort + UInt16(index)
      let ours = expected.filter { $0.port == port && $0.record.isSent == isSent }
      let flow = PacketCapture.flow(from: port, isSent: isSent)
      let theirs = dissection.messages.filter { $0.flow == flow }
      #expect(theirs.count == ours.count)
      for ((record, _, time), message) in zip(ours, theirs) {
        let header = Hexadecimal.text(record.body.prefix(MessageHeader.size))
        #expect(message.header == header)
        #expect(message.time == time)
        guard let wanted = record.message?.dissection else { continue }
        #expect(message.compared == wanted, "\(record.command!)")
        compared.insert(record.command!)
      }
    }
    #expect(compared == Self.known.subtracting(["verack", "getaddr"]))
  }

  @Test(.enabled(if: python != nil, "NETMINE_PYTHON is not set"), .timeLimit(.minutes(3)))
  func pythonBitcoinlibReadsEveryMessageAsWeDo() throws {
    let deployment = Deployment()
    let messages = try archiveTraffic(deployment, base: "127.46.0.1").filter {
      Self.known.contains($0.command!)
    }
    #expect(Set(messages.map { $0.command! }) == Self.known)
    let witnesses = messages.count { $0.hasWitness }
    #expect(witnesses > 10)
    // The library knows only the main network. The checksum does not cover the magic.
    let frames = messages.map { message -> String in
      var bytes: [UInt8] = []
      bytes.appendLittle(Network.mainnet.magic)
      return Hexadecimal.text(bytes + message.body.dropFirst(bytes.count))
    }
    let input = deployment.root + "messages.txt"
    try (frames.joined(separator: "\n") + "\n").write(toFile: input, atomically: true, encoding: .utf8)
    let script = PipelineTests.repository + "Tests/BitcoinWireTests/crosscheck.py"
    let python = try Program(
      "/bin/sh",
      ["-c", "exec \"$0\" \"$1\" 0 < \"$2\"", Self.python!, script, input],
      folder: deployment.root
    )
    #expect(try python.wait(timeout: 120) == 0, "\(python.errors)")
    let answers = python.lines.map { $0.split(separator: " ", omittingEmptySubsequences: false) }
    try #require(answers.count == messages.count)
    for (index, answer) in answers.enumerated() {
      // The library encodes again what it has decoded.
      #expect(answer[1] == frames[index])
      switch messages[index].message {
      case .tx(let transaction):
        #expect(answer[2] == transaction.txid.description)
        #expect(answer[3] == transaction.wtxid.description)
      case .block(let block):
        #expect(answer[2] == block.header.hash.description)
        #expect(block.header.merkleRoot == block.computedMerkleRoot)
      case .some: break
      case nil: Issue.record("\(messages[index].command!) cannot be read")
      }
    }
  }

  /// Runs the pipeline, requests all items that a few nodes announce, and returns the archived messages.
  func archiveTraffic(_ deployment: Deployment, base: String) throws -> [ArchivedRecord] {
    try deployment.startLogServer()
    try deployment.startVerbatim()
    let options = ["--tx-rate", "20", "--block-interval", "3", "--hop-delay", "0.1"]
    let nodes = try deployment.startSimnet(nodes: 4, base: base, options)
    try deployment.startConnector(["connector.bitcoin.ping_frequency=1"])
    #expect(try deployment.netmine(["connect"] + nodes).status == 0)
    #expect(try deployment.netmine(["broadcast", "getaddr", "ping"] + Self.questions).status == 0)

    var asked: Set<[InventoryItem]> = []
    func ask(_ connection: UInt32, for items: [InventoryItem]) throws {
      guard !items.isEmpty, asked.insert(items).inserted else { return }
      let request = Hexadecimal.text(InventoryMessage(items: items).bytes)
      let outcome = try deployment.netmine(["send", "--to", "\(connection)", "raw", "getdata", request])
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    func archived(_ count: Int, _ what: String, where condition: (ArchivedRecord) -> Bool) throws {
      try deployment.verbatim!.wait(for: what) {
        let received = try deployment.records().received
        // Only the latest announcements: nodes no longer serve transactions that are in a block.
        for record in received.suffix(10) {
          try ask(record.header.connection, for: Self.content(of: record))
        }
        return received.count(where: condition) >= count
      }
    }
    try archived(10, "transactions with witnesses") { $0.command == .tx && $0.hasWitness }
    try archived(10, "transactions without") { $0.command == .tx && !$0.hasWitness }
    try archived(1, "a block with witnesses") { $0.command == .block && $0.hasWitness }
    try archived(1, "a block without") { $0.command == .block && !$0.hasWitness }
    for (command, count) in [("headers", 4), ("notfound", 4), ("ping", 1), ("pong", 4)] as [(Command, Int)] {
      try archived(count, command.description) { $0.command == command }
    }
    try deployment.stopAll()
    return try deployment.records().messages
  }

  /// The items to request after a message: those that it announces, with and without witnesses.
  private static func content(of record: ArchivedRecord) -> [InventoryItem] {
    if case .tx(let transaction) = record.message, transaction.hasWitness {
      return [InventoryItem(.tx, transaction.txid)]
    }
    return record.inventory.filter { $0.type == .wtx || $0.type == .tx }
      + record.announcedBlocks.flatMap { [InventoryItem(.block, $0), InventoryItem(.witnessBlock, $0)] }
  }

  /// Messages that peers answer or accept silently.
  private static let questions: [String] = {
    let hash = Network.simnet.genesisHash
    let locator = LocatorMessage(version: 70016, locator: [hash, .zero])
    let node = KnownNode(time: 1_700_000_000, services: [.network], endpoint: Endpoint("127.0.0.1:8333")!)
    let distant = KnownNode(time: 1, services: [], endpoint: Endpoint("[2001:db8::1]:1")!)
    let messages: [Message] = [
      .getheaders(locator), .getblocks(locator), .addr(AddrMessage(nodes: [node, distant])),
      .getdata(InventoryMessage(items: [InventoryItem(.block, .zero), InventoryItem(.tx, .zero)])),
    ]
    return messages.flatMap { ["raw", "\($0.command)", Hexadecimal.text($0.payload)] }
  }()
}

extension ArchivedRecord {
  /// Whether it is a transaction or block with witnesses.
  var hasWitness: Bool { message?.hasWitness == true }
}

extension Message {
  /// Whether it is a transaction or block with witnesses.
  var hasWitness: Bool {
    switch self {
    case .tx(let transaction): transaction.hasWitness
    case .block(let block): block.transactions.contains(where: \.hasWitness)
    default: false
    }
  }
}
