import BitcoinWire
import Captures
import Testing

/// Reads messages between real nodes, from packets that bitnodes captured.
@Suite struct CaptureTests {
  /// A capture, and its number of messages of each command.
  struct Capture: CustomTestStringConvertible {
    let file: String
    let counts: [Command: Int]
    /// The number of messages without their end.
    let cut: Int

    var testDescription: String { file }

    /// All captures.
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
