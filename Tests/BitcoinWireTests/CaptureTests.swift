import BitcoinWire
import Bytes
import Captures
import Testing

/// Reads what real nodes said to each other, from packets that bitnodes captured.
@Suite struct CaptureTests {
  @Test(
    .enabled(if: Samples.data != nil),
    arguments: [
      ("inv.pcap", 1, ["inv"]), ("bip144.pcap", 1, ["tx"]),
      ("cache.pcap", 1500, ["addr", "addrv2", "inv", "ping", "pong"]),
    ]
  )
  func readsAndWritesWhatRealNodesSay(_ file: String, least: Int, commands: [String]) throws {
    var count = 0
    var seen: Set<String> = []
    let capture = try Samples.file("captures/\(file)")
    for stream in try CapturedStream.read(capture, magic: Network.mainnet.magicBytes).map(\.bytes) {
      var offset = 0
      while case .message(let header, let total, true) = Network.mainnet.framer.next(
        in: stream.span.bytes.extracting(offset...)
      ) {
        let message = Array(stream[offset..<offset + total])
        let decoded = try Message.decode(header.command, Array(message[MessageHeader.size...]))
        #expect(header.command.isValid)
        #expect(
          Network.mainnet.frame(header.command, payload: decoded.message.payload + decoded.trailing)
            == message
        )
        count += 1
        seen.insert(header.command.description)
        offset += total
      }
    }
    #expect(count >= least)
    #expect(seen.isSuperset(of: commands))
  }
}
