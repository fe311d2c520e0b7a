import BitcoinWire
import Bytes
import EventLoop
import Foundation
import Glibc
import LogProtocol
import Observations
import TestSupport
import Testing

/// Coinscope's own protocols, spoken as its programs speak them, byte by byte as in docs/log-format.md.
@Suite(.serialized) struct CoinscopeProgramTests {
  let loop = EventLoop()

  @Test(.timeLimit(.minutes(10))) func itsReadersGetEveryRecordTranslated() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim()
    let nodes = try deployment.startSimnet(nodes: 3, base: "127.49.0.1", ["--tx-rate", "20"])
    func reader(_ name: String) throws -> RawClient {
      try RawClient(.unix(deployment.root + "clients/" + name), on: loop)
    }
    let interests: [(name: String, types: RecordType)] = [
      ("bitcoinx", [.connection, .message]), ("bitcoin_msg", .message), ("bitcoin", .connection),
      ("ctrl", .control), ("all", RecordType.all.subtracting(.meta)),
    ]
    let readers = try interests.map { try reader($0.name) }
    let everything = readers[4]
    // The connector must start after all readers have joined.
    try wait(deployment, "five readers and verbatim") {
      try deployment.netmine(["status", "--json"]).output.contains("\"readers\":6")
    }
    try deployment.startConnector()
    #expect(try deployment.netmine(["connect"] + nodes).status == 0)
    #expect(try deployment.netmine(["broadcast", "getaddr"]).status == 0)
    try wait(deployment, "traffic") { try deployment.records().messages.count > 60 }
    #expect(try deployment.netmine(["disconnect", "--all"]).status == 0)
    try deployment.stop(deployment.connector)
    try wait(deployment, "the last record") { everything.records.contains { $0.text == "orderly shutdown" } }
    try deployment.stop(deployment.verbatim)
    try deployment.stop(deployment.logserver)
    try loop.run { readers.allSatisfy(\.isClosed) }

    let archive = try deployment.records().filter { $0.header.sequence > 0 && $0.header.type != .meta }
    for (reader, interest) in zip(readers, interests) {
      // Coinscope's format has no handshake event.
      let expected = archive.filter {
        interest.types.contains($0.header.type) && $0.event?.code != .handshaken
      }
      let records = reader.records
      #expect(records.count == expected.count)
      for (record, original) in zip(records, expected) {
        #expect(record.source == original.header.source)
        #expect(UInt16(record.type) == original.header.type.rawValue)
        #expect(record.seconds == original.header.time / 1_000_000_000)
        switch original.header.type {
        case .message:
          #expect(record.handle == original.header.connection)
          #expect(record.rest[4] == (original.isSent ? 1 : 0))
          #expect(Array(record.rest[5...]) == original.body)
        case .connection:
          let event = try #require(original.event)
          #expect(record.handle == original.header.connection)
          #expect(record.number(at: 4) == event.code.rawValue)
          #expect(record.address(at: 8) == "\(event.remote)")
          #expect(record.address(at: 24) == "\(event.local)")
          #expect(record.number(at: 40) == UInt32(event.reason.isEmpty ? 0 : event.reason.utf8.count + 1))
          #expect(Array(record.rest[44...]) == (event.reason.isEmpty ? [] : Array(event.reason.utf8) + [0]))
        default: #expect(record.rest == original.body + [0])
        }
      }
    }
    let updates = readers[2].records.map { $0.number(at: 4) }
    #expect(updates.count { $0 == 0x01 } == 3)
    #expect(updates.count { $0 == 0x80 } == 3)
  }

  @Test(.timeLimit(.minutes(10))) func itsSourcesAreArchived() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim()
    // A coinscope source never resends.
    try deployment.logserver!.wait(forError: "archiving reader joined")
    let source = try RawClient(.unix(deployment.root + "servers"), on: loop)
    var bytes: [UInt8] = []
    bytes.appendBig(UInt32(1 + 8 + 6))
    bytes.append(0x02)
    bytes.appendBig(UInt64(1_400_000_000))
    bytes += Array("hello\0".utf8)
    source.stream.write(bytes)
    try wait(deployment, "its record") {
      try FileManager.default.fileExists(atPath: deployment.archive)
        && deployment.records().contains { $0.text == "hello" }
    }
    let records = try deployment.records()
    let record = try #require(records.first { $0.text == "hello" })
    #expect(record.header.type == .debug)
    #expect(record.header.time == 1_400_000_000_000_000_000)
    #expect(records.sequences(ofKind: "coinscope") == [1])
    #expect(!source.isClosed)
    try deployment.stopAll()
  }

  @Test(.timeLimit(.minutes(10))) func itsClientsCommandTheConnector() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim()
    let node = try deployment.startSimnet(nodes: 1, base: "127.50.0.1")[0]
    try deployment.startConnector()
    let client = try RawClient(.unix(deployment.root + "control"), on: loop)

    /// Sends a frame: u8 version 0, u32 length, u8 type, payload.
    func send(type: UInt8, _ payload: [UInt8]) {
      var frame: [UInt8] = [0]
      frame.appendBig(UInt32(payload.count))
      client.stream.write(frame + [type] + payload)
    }
    func answer(_ count: Int) throws -> [UInt8] {
      try loop.run { client.received.count >= count }
      defer { client.received.removeFirst(count) }
      return Array(client.received.prefix(count))
    }
    func command(_ code: UInt8, message: [UInt8] = [0, 0, 0, 0], targets: [[UInt8]] = []) {
      var payload = [code] + message
      payload.appendBig(UInt32(targets.count))
      send(type: 2, payload + targets.joined())
    }
    // CONNECT has no answer.
    let address = Self.socketAddress(try #require(SocketAddress(node)))
    send(type: 4, address + address)
    try wait(deployment, "the handshake") {
      try FileManager.default.fileExists(atPath: deployment.archive)
        && deployment.records().contains { $0.event?.code == .handshaken && "\($0.event!.remote)" == node }
    }
    // REGISTER, then a message to register, then the connections.
    send(type: 3, [])
    #expect(try answer(4) != [0, 0, 0, 0])
    let ping = Network.simnet.frame(.ping(PingMessage(nonce: 0x1122_3344)))
    send(type: 1, ping)
    let message = try answer(4)
    #expect(message != [0, 0, 0, 0])
    command(1)
    #expect(try answer(4) == [0, 0, 0, 36])
    let connection = try answer(36)
    #expect(Array(connection[4..<20]) == address)
    let id = connection[..<4].reduce(0) { $0 << 8 | UInt32($1) }
    command(3, message: message, targets: [Array(connection[..<4])])
    try wait(deployment, "the answer to the ping") {
      try deployment.records().received.contains { $0.message == .pong(PongMessage(nonce: 0x1122_3344)) }
    }
    #expect(try deployment.records().contains { $0.isSent && $0.body == ping && $0.header.connection == id })
    command(2, targets: [[0xff, 0xff, 0xff, 0xff]])
    try wait(deployment, "the end") { try deployment.records().contains { $0.event?.code == .closedByUs } }
    try deployment.stopAll()
    let commands = try deployment.records().filter { $0.header.type == .control }.map(\.text)
    let words = ["connect \(node)", "register", "register message", "list connections", "disconnect all"]
    for words in words + ["send message"] {
      #expect(commands.contains { $0.contains(words) }, "\(words) in \(commands)")
    }
  }

  /// Waits while the loop serves the sockets of this process.
  private func wait(_ deployment: Deployment, _ what: String, until condition: () throws -> Bool) throws {
    do {
      try loop.run(timeout: 30, until: condition)
    } catch let error as IOError {
      let errors = deployment.connector?.errors.suffix(2000) ?? ""
      throw Program.Failure(description: "\(what): \(error); \(errors)")
    }
  }

  /// The bytes of Linux's `sockaddr_in`.
  private static func socketAddress(_ address: SocketAddress) -> [UInt8] {
    var raw = sockaddr_in()
    raw.sin_family = sa_family_t(AF_INET)
    raw.sin_port = address.port.bigEndian
    withUnsafeMutableBytes(of: &raw.sin_addr) { $0.copyBytes(from: address.addressBytes) }
    return withUnsafeBytes(of: raw) { Array($0) }
  }
}

/// A record in coinscope's format: u32 length, u32 source, u8 type, u64 seconds, and a body that depends on
/// the type.
private struct CoinscopeRead {
  let source: UInt32
  let type: UInt8
  let seconds: UInt64
  let rest: [UInt8]

  init(_ bytes: ArraySlice<UInt8>) {
    let bytes = Array(bytes)
    source = bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) }
    type = bytes[4]
    seconds = bytes[5..<13].reduce(0) { $0 << 8 | UInt64($1) }
    rest = Array(bytes[13...])
  }

  var handle: UInt32 { number(at: 0) }

  var text: String { String(decoding: rest.dropLast(), as: UTF8.self) }

  func number(at offset: Int) -> UInt32 { rest[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) } }

  /// Linux's `sockaddr_in` at an offset, as text.
  func address(at offset: Int) -> String {
    let raw = rest.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: sockaddr_in.self) }
    guard raw.sin_family == AF_INET else { return "family \(raw.sin_family)" }
    let bytes = withUnsafeBytes(of: raw.sin_addr) { $0.map { "\($0)" } }
    return bytes.joined(separator: ".") + ":\(UInt16(bigEndian: raw.sin_port))"
  }
}

extension RawClient {
  /// The whole records received so far.
  fileprivate var records: [CoinscopeRead] {
    var result: [CoinscopeRead] = []
    var rest = received[...]
    while rest.count >= 4 {
      let end = rest.startIndex + 4 + Int(rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
      guard end <= rest.endIndex else { break }
      result.append(CoinscopeRead(rest[(rest.startIndex + 4)..<end]))
      rest = rest[end...]
    }
    return result
  }
}
