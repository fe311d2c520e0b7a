import BitcoinWire
import Captures
import Testing

/// Reads what real nodes said to each other, from packets that bitnodes captured.
@Suite struct CaptureTests {
  /// A capture, and how many messages there are in it.
  struct Capture: CustomTestStringConvertible {
    let file: String
    let counts: [Command: Int]
    /// Messages of which the rest is missing.
    let cut: Int

    var testDescription: String { file }

    /// All of them.
    static let all = [
      Capture(file: "inv.pcap", counts: [.inv: 2], cut: 0),
      Capture(file: "bip144.pcap", counts: [.tx: 1], cut: 0),
      Capture(
        file: "cache.pcap",
        counts: [.inv: 3518, .ping: 126, .pong: 19, .addrv2: 5, .addr: 3],
        cut: 2
      ),
    ]
  }

  @Test(.enabled(if: Samples.data != nil), arguments: Capture.all)
  func readsAndWritesEveryMessageThatRealNodesSay(_ capture: Capture) throws {
    var counts: [Command: Int] = [:]
    var cut = 0
    for stream in try CapturedStream.read(
      Samples.file("captures/\(capture.file)"),
      magic: Network.mainnet.magicBytes
    ) {
      let (messages, end) = stream.messages(of: .mainnet)
      if case .needMore = end { cut += 1 } else { #expect(end == nil) }
      for message in messages {
        let decoded = try message.decoded
        #expect(message.header.command.isValid)
        #expect(decoded.trailing == [])
        #expect(Network.mainnet.frame(decoded.message) == message.bytes)
        counts[message.header.command, default: 0] += 1
      }
    }
    #expect(counts == capture.counts)
    #expect(cut == capture.cut)
  }
}
