import BitcoinWire
import Bytes
import Foundation
import LogProtocol
import LogText
import Observations
import Testing

@Suite struct FormatterTests {
  static let second: UInt64 = 1_700_000_000_000_000_000

  /// One record of each kind, with text as a hostile peer would send it.
  static let records: [[UInt8]] = {
    let hostile = Array("/\u{1B}[2J\u{202E}evil\n\"\\\u{85}/".utf8) + [0xff, 0x00]
    let version: [UInt8] = [1, 2, 3]
    return [
      Records.joined(),
      Records.meta(
        .openConnection(
          OpenConnection(
            direction: .inbound,
            remote: peer,
            local: us,
            since: second,
            peer: .userAgent(hostile)
          )
        ),
        source: Records.source,
        connection: 7
      ),
      Records.meta(.sourceLeft(source: 9, saidGoodbye: false, lastSequence: 4, reason: "\u{1B}]0;x\u{7}")),
      Records.meta(
        .gap(Gap(source: Records.source, sequences: 4...9, count: 5, byteCount: 100, cause: .slowReader))
      ),
      Records.meta(.clock(ClockState(offset: -5, errorBound: 10, isSynchronised: true))),
      Records.meta(
        .rotation(
          RotationMark(positions: [ArchivePosition(instance: 42, source: Records.source, sequence: 3)])
        )
      ),
      RecordHeader(type: .meta, time: 1, bodyCount: 0).record(body: [0x7f, 0x1b]),
      Records.event(.connected, 1),
      Records.event(.handshaken, 2, userAgent: hostile),
      Records.record(.connection, 3, [1, 2, 3], connection: 1),
      Records.message("ping", [1, 2, 3, 4, 5, 6, 7, 8], 4, time: second + 123_456_789),
      Records.message("verack", [], 5, flags: [.sent, .encrypted]),
      Records.message("inv", [0xff], 6),
      Records.message("version", version, 7),
      Records.message("hello", hostile, 8),
      Records.message("ping", [1, 2, 3, 4, 5, 6, 7, 8], 9, checksum: 0),
      Records.message("ping", [1, 2, 3, 4, 5, 6, 7, 8], 10, flags: .wrongChecksum, checksum: 0),
      Records.record(.message, 11, [1, 2, 3], connection: 1),
      Records.record(.message, 12, Array(repeating: 0x1b, count: 30), connection: 1),
      Records.record(.control, 13, hostile),
      Records.record(.error, 14, Array("failed\0".utf8)),
      Records.record(.debug, 15, Array(repeating: 0x41, count: 5000)),
      Records.record(RecordType(rawValue: 0x4000), 16, hostile),
      Records.record([.debug, .error], 17, hostile),
      Records.event(.closedByPeer, 18),
    ]
  }()

  func lines(_ formatter: LineFormatter, _ records: [[UInt8]] = Self.records) -> [String] {
    var formatter = formatter
    var output: [UInt8] = []
    for record in records {
      record.withUnsafeBytes {
        let body = UnsafeRawBufferPointer(rebasing: $0.dropFirst(32))
        formatter.append(StreamRecord(RecordHeader(checked: $0), body), to: &output)
      }
    }
    #expect(String(validating: output, as: UTF8.self) != nil)
    return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  func object(_ line: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  }

  @Test func writesWhatAMessageSays() throws {
    let inventory = InventoryMessage(items: [InventoryItem(.wtx, Network.mainnet.genesisHash)])
    let lines = lines(
      .json(JSONFormatter()),
      [
        Records.message("inv", inventory.bytes + [0xab], 1), Records.message("hello", [1, 2], 2),
        Records.message("verack", [], 3),
      ]
    )
    let objects = try lines.map(object)
    let message = try #require(objects[0]["message"] as? [String: [[String: String]]])
    #expect(message == ["items": [["type": "wtx", "hash": Network.mainnet.genesisHash.description]]])
    #expect(objects[0]["trailing"] as? String == "ab")
    #expect(objects[1]["message"] as? [String: String] == ["payload": "0102"])
    #expect(objects[2]["message"] as? [String: String] == [:])
  }

  @Test func misreadsNoOtherCoinsMessages() throws {
    let header = HeadersMessage(headers: []).bytes + [1]
    let inventory = InventoryMessage(items: [InventoryItem(InventoryType(rawValue: 29), .zero)]).bytes
    let records = [
      Records.message("headers", header, 1, network: .namecoin),
      Records.message("inv", inventory, 2, network: .dash),
    ]
    let text = lines(.text(TextFormatter()), records)
    #expect(text[0].contains("headers 2 bytes"))
    #expect(text[1].contains("inv 1 chainlock_signature"))
    let object = try object(lines(.json(JSONFormatter()), records)[0])
    #expect(object["message"] as? [String: String] == ["payload": "0001"])
  }

  @Test func writesOneSafeLineForEachRecord() {
    for isASCII in [false, true] {
      var style = TextFormatter.Style()
      style.isASCII = isASCII
      let lines = lines(.text(TextFormatter(style)))
      #expect(lines.count == Self.records.count)
      for line in lines {
        for scalar in line.unicodeScalars {
          let category = scalar.properties.generalCategory
          #expect(![.control, .format, .lineSeparator].contains(category), "\(line.debugDescription)")
          if isASCII { #expect(scalar.isASCII) }
        }
      }
    }
  }

  @Test func saysWhatTheRecordsHold() {
    let lines = lines(.text(TextFormatter()))
    func expect(_ index: Int, _ words: String...) {
      for word in words { #expect(lines[index].contains(word), "\(lines[index])") }
    }
    expect(0, "1970-01-01T00:00:00.000000Z logserver meta joined: connector-1700000000")
    expect(1, "connector-1700000000 meta #7 127.1.2.3:8333 open since 2023-11-14T22:13:20.000000Z inbound")
    expect(3, "gap: 5 records of connector-1700000000 are missing, 4 to 9, 100 bytes: reader too slow")
    expect(4, "clock: synchronised, off by -5 ns")
    expect(5, "segment begins after connector-1700000000 3")
    expect(7, "bitcoin #1 127.1.2.3:8333 connected outbound")
    expect(
      10,
      "2023-11-14T22:13:20.123456Z connector-1700000000 bitcoin_msg #1 127.1.2.3:8333 ← ping"
    )
    expect(11, "→ verack", "[v2]")
    expect(12, "inv malformed: ")
    expect(14, "hello \(Self.records[14].count - 56) bytes")
    expect(15, "[wrong checksum]")
    expect(16, "[wrong checksum]")
    expect(17, "malformed: 3 bytes are less than a message header")
    expect(20, "error failed")
    expect(21, "… (5000 bytes)")
    expect(22, "type-16384")
    expect(24, "127.1.2.3:8333 closed by peer")
  }

  @Test func coloursOnlyWhereAsked() {
    var style = TextFormatter.Style()
    style.hasColours = true
    let plain = lines(.text(TextFormatter()))
    let coloured = lines(.text(TextFormatter(style)))
    #expect(!plain.contains { $0.utf8.contains(0x1b) })
    for (plain, coloured) in zip(plain, coloured) {
      #expect(coloured.replacing(/\u{1B}\[[0-9]+m/, with: "") == plain)
    }
  }

  @Test func writesValidJSON() throws {
    let lines = lines(.json(JSONFormatter(hasPayload: true)))
    #expect(lines.count == Self.records.count)
    for line in lines { _ = try object(line) }
    for line in lines { #expect(!line.unicodeScalars.contains { $0.properties.generalCategory == .control }) }
    let ping = try object(lines[10])
    #expect(ping["time_ns"] as? UInt64 == 1_700_000_000_123_456_789)
    #expect(ping["time"] as? String == "2023-11-14T22:13:20.123456789Z")
    #expect(ping["source"] as? UInt32 == Records.source)
    #expect(ping["source_kind"] as? String == "connector")
    #expect(ping["sequence"] as? Int == 4)
    #expect(ping["type"] as? String == "bitcoin_msg")
    #expect(ping["flags"] as? [String] == [])
    #expect(ping["remote"] as? String == "127.1.2.3:8333")
    #expect(ping["direction"] as? String == "received")
    #expect(ping["command"] as? String == "ping")
    #expect(ping["length"] as? Int == 8)
    #expect(ping["checksum_ok"] as? Bool == true)
    #expect(ping["payload"] as? String == "0102030405060708")
    #expect(try object(lines[15])["checksum_ok"] as? Bool == false)
    #expect(try object(lines[3])["first_sequence"] as? Int == 4)
    #expect(try object(lines[19])["text"] as? String == "/\u{1B}[2J\u{202E}evil\n\"\\\u{85}/\u{FFFD}\0")
    let positions = try object(lines[5])["positions"] as? [[String: Any]]
    #expect(positions?.first?["instance"] as? String == "000000000000002a")
  }

  @Test func escapesAllOfUnicode() throws {
    var text = ""
    for value in UInt32(0)...0x1_1000 {
      if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
    }
    text.unicodeScalars.append("\u{E0001}")
    let line = lines(.json(JSONFormatter()), [Records.text(1, text)])[0]
    #expect((try object(line)["text"] as? String)?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
  }

  @Test func writesTimes() {
    var times = TimeText()
    #expect(times.text(0) == "1970-01-01T00:00:00.000000Z")
    #expect(times.text(1_709_164_800_000_001_999) == "2024-02-29T00:00:00.000001Z")
    #expect(times.text(1_709_164_800_000_001_999, digits: 9) == "2024-02-29T00:00:00.000001999Z")
    #expect(times.text(.max) == "2554-07-21T23:34:33.709551Z")
  }
}
