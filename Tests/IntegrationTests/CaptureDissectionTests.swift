import BitcoinWire
import Bytes
import Captures
import Foundation
import TestSupport
import Testing

/// Compares tshark's reading of real nodes' traffic with ours, message by message.
@Suite struct CaptureDissectionTests {
  /// The folder of real captures; nil if the tests run without them.
  static let data = ProcessInfo.processInfo.environment["NETMINE_DATA"]

  /// A capture, and the numbers of its messages.
  struct Capture: CustomTestStringConvertible {
    let file: String
    /// Messages whose fields tshark knows, by command.
    var compared: [Command: Int]
    /// Messages whose header alone tshark knows, by command.
    var opaque: [Command: Int] = [:]
    /// The number of messages that tshark does not see.
    var unseen = 0

    var testDescription: String { file }

    /// All captures.
    static let all = [
      Capture(file: "inv.pcap", compared: [.inv: 2]),
      // The dissector is older than witnesses.
      Capture(file: "bip144.pcap", compared: [:], opaque: [.tx: 1]),
      Capture(
        file: "cache.pcap",
        compared: [.inv: 3516, .ping: 126, .pong: 19, .addr: 3],
        opaque: [.addrv2: 5],
        unseen: 2
      ),
    ]
  }

  @Test(
    .enabled(if: Dissection.program != nil, "tshark is not installed"),
    .enabled(if: data != nil, "NETMINE_DATA is not set"),
    arguments: Capture.all
  )
  func agreesWithTsharkAboutEveryMessage(_ capture: Capture) throws {
    let folder = TemporaryFolder()
    let path = "\(Self.data!)/captures/\(capture.file)"
    let dissection = try Dissection(of: path, folder: folder.path)
    var theirs = Dictionary(grouping: dissection.messages, by: \.flow).mapValues { $0[...] }
    var compared: [Command: Int] = [:]
    var opaque: [Command: Int] = [:]
    var unseen = 0
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    for stream in try CapturedStream.read(bytes, magic: Network.mainnet.magicBytes) {
      for (index, ours) in stream.messages(of: .mainnet).messages.enumerated() {
        guard stream.isSeenByTshark(message: index) else {
          unseen += 1
          continue
        }
        let command = ours.header.command
        let next = theirs[stream.flow]?.popFirst()
        let message = try #require(next, "\(command) in \(stream.flow)")
        #expect(message.header == Hexadecimal.text(ours.bytes.prefix(MessageHeader.size)))
        let decoded = try ours.decoded.message
        if let wanted = decoded.dissection, !decoded.hasWitness {
          #expect(message.compared == wanted)
          #expect(!message.isMalformed)
          compared[command, default: 0] += 1
        } else {
          // The dissector misreads the marker of a witness as a number of inputs.
          #expect(message.isMalformed == decoded.hasWitness)
          opaque[command, default: 0] += 1
        }
      }
    }
    // tshark sees no message that we miss.
    #expect(theirs.values.allSatisfy { $0.isEmpty })
    #expect(compared == capture.compared)
    #expect(opaque == capture.opaque)
    #expect(unseen == capture.unseen)
  }
}

extension CapturedStream {
  /// Whether tshark can find a message. It starts at the packet that was captured first, ignores earlier
  /// data, and waits for a missing segment until the end.
  fileprivate func isSeenByTshark(message index: Int) -> Bool {
    switch beginning {
    case .first: true
    case .late: index > 0
    case .resumed: false
    }
  }
}
