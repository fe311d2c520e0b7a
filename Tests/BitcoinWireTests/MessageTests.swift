import BitcoinWire
import Bytes
import Testing

@Suite struct MessageTests {
  @Test(arguments: Samples.messages)
  func survivesARoundTrip(_ message: Message) throws {
    let decoded = try Message.decode(message.command, message.payload)
    #expect(decoded == DecodedMessage(message))
  }

  @Test func samplesCoverEveryDecodedCommand() {
    #expect(Set(Message.decodedCommands).isSubset(of: Samples.messages.map(\.command)))
  }

  /// A truncated message is refused, or it may end early and encodes to the same bytes.
  @Test(arguments: Samples.messages)
  func refusesEveryTruncation(_ message: Message) {
    let payload = message.payload
    var accepted: [Int] = []
    for count in payload.indices {
      guard let decoded = try? Message.decode(message.command, Array(payload[..<count])) else { continue }
      #expect(decoded.message.payload + decoded.trailing == Array(payload[..<count]))
      accepted.append(count)
    }
    switch message {
    case .version: #expect(accepted == [46, 80, 97, 101])
    case .ping: #expect(accepted == (payload.isEmpty ? [] : [0]))
    case .reject(let reject): #expect(accepted == (reject.hash == nil ? [] : Array(8..<40)))
    case .unknown: #expect(accepted == Array(payload.indices))
    default: #expect(accepted == [])
    }
  }

  @Test(arguments: Samples.messages)
  func keepsTrailingBytes(_ message: Message) throws {
    let extra: [UInt8] = [0xde, 0xad]
    switch message {
    case .ping(let ping) where ping.nonce == nil: return  // two bytes would be a nonce cut short
    case .unknown(let command, let payload):
      let decoded = try Message.decode(command, payload + extra)
      #expect(decoded.message.payload == payload + extra)
    default:
      let decoded = try Message.decode(message.command, message.payload + extra)
      #expect(decoded == DecodedMessage(message, trailing: extra))
    }
  }

  @Test(arguments: [
    ("addr", 1001, 1000), ("addrv2", 1001, 1000), ("inv", 50_001, 50_000), ("getdata", 50_001, 50_000),
    ("notfound", 50_001, 50_000), ("headers", 2001, 2000),
  ])
  func refusesCountsAboveTheLimit(_ command: String, count: Int, maximum: Int) {
    var payload: [UInt8] = []
    payload.appendCompactSize(count)
    payload.append(contentsOf: repeatElement(0, count: count * 81))
    expect(.limit(value: UInt64(count), maximum: UInt64(maximum)), Command(command)!, payload)
  }

  @Test func refusesALongLocator() {
    var payload: [UInt8] = [0, 0, 0, 0]
    payload.appendCompactSize(102)
    payload.append(contentsOf: repeatElement(0, count: 103 * 32))
    expect(.limit(value: 102, maximum: 101), .getheaders, payload)
    expect(.limit(value: 102, maximum: 101), .getblocks, payload)
  }

  /// A count that the payload cannot hold is refused at the count, before memory is reserved.
  @Test(arguments: [
    ("addr", [UInt8]()), ("addrv2", []), ("inv", []), ("headers", []), ("getheaders", [0, 0, 0, 0]),
    ("tx", [1, 0, 0, 0]), ("block", [UInt8](repeating: 0, count: 80)), ("filterload", []), ("filteradd", []),
    ("merkleblock", [UInt8](repeating: 0, count: 84)), ("cmpctblock", [UInt8](repeating: 0, count: 88)),
    ("cmpctblock", [UInt8](repeating: 0, count: 89)), ("getblocktxn", [UInt8](repeating: 0, count: 32)),
    ("merkleblock", [UInt8](repeating: 0, count: 85)), ("blocktxn", [UInt8](repeating: 0, count: 32)),
    ("cfilter", [UInt8](repeating: 0, count: 33)), ("cfheaders", [UInt8](repeating: 0, count: 65)),
    ("cfcheckpt", [UInt8](repeating: 0, count: 33)), ("feature", []), ("alert", []), ("alert", [0]),
  ])
  func refusesHostileCounts(_ command: String, prefix: [UInt8]) {
    for count in [100, 0x0200_0000, Int(UInt32.max), Int.max] {
      var payload = prefix
      payload.appendCompactSize(count)
      let offset = prefix.count
      var caught: WireError?
      do throws(WireError) { _ = try Message.decode(Command(command)!, payload) } catch { caught = error }
      #expect(caught?.offset == offset || caught?.offset == payload.count)
    }
  }

  /// A damaged message is refused, or it decodes and encodes to the same bytes.
  @Test(arguments: Samples.messages)
  func withstandsDamage(_ message: Message) throws {
    var random = SplitMix(state: 2)
    for _ in 0..<300 {
      let payload = random.damaged(message.payload)
      guard let decoded = try? Message.decode(message.command, payload) else { continue }
      #expect(decoded.message.payload + decoded.trailing == payload)
      #expect(!decoded.message.summary.contains { $0.isNewline })
    }
  }

  @Test func keepsTheUnknown() throws {
    let command = Command([UInt8](repeating: 0xff, count: 12).span.bytes)
    let decoded = try Message.decode(command, [1, 2, 3])
    #expect(decoded.message == .unknown(command: command, payload: [1, 2, 3]))
    #expect(decoded.message.command == command)
    #expect(decoded.message.payload == [1, 2, 3])
  }

  @Test func refusesAnAnnounceThatIsNoTruthValue() {
    expect(.limit(value: 2, maximum: 1), .sendcmpct, [2, 1, 0, 0, 0, 0, 0, 0, 0])
  }

  private func expect(_ problem: WireError.Problem, _ command: Command, _ payload: [UInt8]) {
    var caught: WireError?
    do throws(WireError) { _ = try Message.decode(command, payload) } catch { caught = error }
    #expect(caught?.problem == problem)
  }
}
