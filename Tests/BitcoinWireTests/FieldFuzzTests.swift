import BitcoinWire
import Bytes
import JSON
import Testing

/// Any values for a message's fields give a message that can be sent, or an error.
@Suite struct FieldFuzzTests {
  private static let odd = [
    "", "0", "1", "-1", "3,1", "1,1", "65535", "65536", "4294967295", "4294967296", "-2147483649",
    "9223372036854775807",
    "9223372036854775808", "18446744073709551615", "18446744073709551616", "0x", "0xffffffffffffffff", "1e99",
    "NaN",
    "00", "zz", "true", "null", ",", ",,", ":", "tx:", "1.2.3.4:8333", "[::1]:65535", "[::", "\\", "\\x0",
    "\u{0}",
  ]

  private func changed(_ value: JSONValue, _ random: inout SplitMix) -> JSONValue {
    switch (value, Int.random(in: 0..<4, using: &random)) {
    case (.array(let elements), 0): return .array(elements.shuffled(using: &random))
    case (.array(let elements), 1): return .array(elements + elements)
    case (.array(let elements), _) where !elements.isEmpty:
      var elements = elements
      let index = Int.random(in: 0..<elements.count, using: &random)
      elements[index] = changed(elements[index], &random)
      return .array(elements)
    case (.object(var members), 0...2):
      guard let name = members.keys.sorted().randomElement(using: &random) else { return value }
      members[name] = changed(members[name]!, &random)
      return .object(members)
    case (_, 0): return .string(Self.odd.randomElement(using: &random)!)
    case (_, 1): return .number(Self.odd.randomElement(using: &random)!)
    case (_, 2): return .array([value, .string(Self.odd.randomElement(using: &random)!)])
    default: return [.null, .bool(true), .object([:]), .array([])].randomElement(using: &random)!
    }
  }

  @Test(arguments: 0..<4) func makesAMessageOrSaysWhatIsWrong(seed: Int) throws {
    var random = SplitMix(state: UInt64(seed))
    var made = 0
    var refused = 0
    for message in (0..<20).flatMap({ _ in random.messages() }) {
      var json = JSONWriter()
      message.write(to: &json)
      var value = try JSONValue(String(decoding: json.finish(), as: UTF8.self))
      for _ in 0..<Int.random(in: 1...3, using: &random) { value = changed(value, &random) }
      guard case .object(let fields) = value else { continue }
      do {
        let changed = try Message(message.command, fields: fields)
        #expect(changed.payload.count <= 64 << 20)
        made += 1
      } catch {
        refused += 1
      }
    }
    #expect(made > 50 && refused > 50, "\(made) made, \(refused) refused")
  }

  @Test(arguments: [("getblocktxn", "indexes"), ("cmpctblock", "prefilled")] as [(Command, String)])
  func wantsPlacesInABlockToIncrease(_ command: Command, _ field: String) throws {
    var random = SplitMix(state: 1)
    var tried = 0
    for message in (0..<60).flatMap({ _ in random.messages() }) where message.command == command {
      var json = JSONWriter()
      message.write(to: &json)
      guard case .object(var fields) = try JSONValue(String(decoding: json.finish(), as: UTF8.self)),
        case .array(let places)? = fields[field], places.count > 1
      else { continue }
      for wrong in [places.reversed(), places + places.suffix(1)] {
        fields[field] = .array(wrong)
        let error = #expect(throws: FieldError.self) { try Message(command, fields: fields) }
        #expect(error?.field == field)
      }
      tried += 1
    }
    #expect(tried > 5)
  }
}
