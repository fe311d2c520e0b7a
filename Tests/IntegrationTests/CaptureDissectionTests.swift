import BitcoinWire
import Bytes
import Captures
import Foundation
import TestSupport
import Testing

/// What real nodes said to each other, read by tshark and by us, message by message.
@Suite struct CaptureDissectionTests {
  /// The folder of real inputs; nil where the tests run without it.
  static let data = ProcessInfo.processInfo.environment["NETMINE_DATA"]

  /// A capture, and how many of its messages are compared.
  struct Capture: CustomTestStringConvertible {
    let file: String
    /// Of which tshark knows the fields.
    var compared: [Command: Int]
    /// Of which it knows the header only.
    var opaque: [Command: Int] = [:]
    /// That it does not see.
    var unseen = 0

    var testDescription: String { file }

    /// All of them.
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
          // It takes the marker of a witness for a number of inputs.
          #expect(message.isMalformed == decoded.hasWitness)
          opaque[command, default: 0] += 1
        }
      }
    }
    // It sees no message that we do not.
    #expect(theirs.values.allSatisfy { $0.isEmpty })
    #expect(compared == capture.compared)
    #expect(opaque == capture.opaque)
    #expect(unseen == capture.unseen)
  }
}

extension CapturedStream {
  /// Whether tshark can find a message: it reads on from the packet that was captured first, so that one before
  /// it is old to it, and waits for a missing segment until the end.
  fileprivate func isSeenByTshark(message index: Int) -> Bool {
    switch beginning {
    case .first: true
    case .late: index > 0
    case .resumed: false
    }
  }
}
