import BitcoinWire
import Bytes
import Testing

@Suite struct FeatureMessageTests {
  @Test func refusesWhatExceedsCoresLimits() throws {
    for (name, data, field) in [
      (3, 0, "feature name"), (4, 0, nil), (80, 512, nil), (81, 0, "feature name"), (80, 513, "feature data"),
    ] as [(Int, Int, String?)] {
      let message = FeatureMessage(
        name: [UInt8](repeating: 0x41, count: name),
        data: [UInt8](repeating: 1, count: data)
      )
      var caught: WireError?
      do throws(WireError) {
        #expect(try FeatureMessage(message.bytes.span.bytes) == message)
      } catch { caught = error }
      #expect(caught?.field.description == field)
    }
  }
}
