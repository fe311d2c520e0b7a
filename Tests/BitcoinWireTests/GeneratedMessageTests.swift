import BitcoinWire
import Bytes
import Testing

/// Properties of messages with any content.
@Suite struct GeneratedMessageTests {
  @Test func generatesEveryDecodedCommand() {
    var random = SplitMix(state: 3)
    #expect(Set(random.messages().map(\.command)) == Set(Message.decodedCommands))
  }

  @Test(arguments: 0..<40)
  func survivesARoundTrip(_ seed: Int) throws {
    var random = SplitMix(state: UInt64(seed))
    for message in random.messages() {
      let payload = message.payload
      let decoded = try Message.decode(message.command, payload)
      #expect(decoded == DecodedMessage(message))
      #expect(decoded.message.payload == payload)
    }
  }

  /// If a truncated message is accepted, it must encode to the bytes that are left.
  @Test(arguments: 0..<4)
  func refusesEveryTruncation(_ seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    for message in random.messages() {
      let payload = message.payload
      for count in payload.indices {
        let left = Array(payload[..<count])
        guard let decoded = try? Message.decode(message.command, left) else { continue }
        #expect(mayEndEarly(message), "\(message.command) of \(count) bytes")
        #expect(decoded.message.payload + decoded.trailing == left)
      }
    }
  }

  private func mayEndEarly(_ message: Message) -> Bool {
    switch message {
    case .version, .ping, .reject: true
    default: false
    }
  }
}
