import BitcoinWire
import Bytes
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
    for stream in try streams(try Samples.file("captures/\(file)")) {
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

  /// What follows each other without a gap in one direction of a connection, from the first packet that
  /// starts with the network's magic.
  private func streams(_ capture: [UInt8]) throws -> [[UInt8]] {
    var finished: [[UInt8]] = []
    var open: [[UInt8]: (next: UInt32, bytes: [UInt8])] = [:]
    var reader = ByteReader(capture.span.bytes)
    try reader.skip(24, "file header")
    while reader.remaining > 0 {
      try reader.skip(8, "packet time")
      let length = Int(try reader.little(UInt32.self, "packet length"))
      try reader.skip(4, "original length")
      let packet = try reader.array(length, "packet")
      guard packet[12...13] == [0x08, 0x00] else { continue }  // IPv4 in Ethernet
      let size = Int(packet[16]) << 8 | Int(packet[17])
      let tcp = 14 + Int(packet[14] & 15) * 4
      let data = Array(packet[(tcp + Int(packet[tcp + 12] >> 4) * 4)..<(14 + size)])
      let sequence = packet[(tcp + 4)..<(tcp + 8)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let flow = Array(packet[26..<34] + packet[tcp..<tcp + 4])
      guard !data.isEmpty else { continue }
      if let stream = open[flow], stream.next == sequence {
        open[flow] = (sequence &+ UInt32(data.count), stream.bytes + data)
      } else if data.starts(with: Network.mainnet.magicBytes) {
        if let stream = open[flow] { finished.append(stream.bytes) }
        open[flow] = (sequence &+ UInt32(data.count), data)
      }
    }
    return finished + open.values.map(\.bytes)
  }
}
