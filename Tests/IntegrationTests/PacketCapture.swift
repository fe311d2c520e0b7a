import Bytes

/// A packet capture of TCP connections, made from the messages of an archive.
///
/// The file has libpcap's format with nanoseconds, and IPv4 packets without a link layer. Every connection
/// goes from 10.0.0.1, with a port from 10000 on, to 10.0.0.2, port 8333.
struct PacketCapture {
  /// The peers' port.
  static let peerPort: UInt16 = 8333

  /// Our port of the first connection.
  static let firstPort: UInt16 = 10_000

  /// One packet.
  private struct Packet {
    let time: UInt64
    let port: UInt16
    let isSent: Bool
    let flags: UInt8
    let data: ArraySlice<UInt8>
  }

  private var packets: [Packet] = []
  private var random = SystemRandomNumberGenerator()

  /// Adds a connection's messages, in the order of their times.
  ///
  /// One to three consecutive messages in one direction are sent together, at the time of the last one. The
  /// packets are cut without regard to where messages start.
  ///
  /// - Returns: the time at which each message is complete.
  mutating func add(_ messages: [ArchivedRecord], from port: UInt16) -> [UInt64] {
    var times = messages.map(\.header.time)
    for (flags, isSent) in [(0x02, true), (0x12, false), (0x10, true)] as [(UInt8, Bool)] {
      packets.append(
        Packet(time: times.first ?? 0, port: port, isSent: isSent, flags: flags, data: [])
      )
    }
    for isSent in [true, false] {
      var rest = messages.indices.filter { messages[$0].isSent == isSent }[...]
      while !rest.isEmpty {
        let burst = rest.prefix(.random(in: 1...3, using: &random))
        rest = rest.dropFirst(burst.count)
        let time = messages[burst.last!].header.time
        for index in burst { times[index] = time }
        var bytes = burst.flatMap { messages[$0].body }[...]
        while !bytes.isEmpty {
          let data = bytes.prefix(.random(in: 1...(Bool.random(using: &random) ? 40 : 1400), using: &random))
          bytes = bytes.dropFirst(data.count)
          packets.append(Packet(time: time, port: port, isSent: isSent, flags: 0x18, data: data))
        }
      }
    }
    return times
  }

  /// The source and destination of a connection's packets in one direction: two addresses and two ports.
  static func flow(from port: UInt16, isSent: Bool) -> [UInt8] {
    let addresses: [UInt32] = isSent ? [0x0a00_0001, 0x0a00_0002] : [0x0a00_0002, 0x0a00_0001]
    var bytes: [UInt8] = []
    for address in addresses { bytes.appendBig(address) }
    for port in isSent ? [port, peerPort] : [peerPort, port] { bytes.appendBig(port) }
    return bytes
  }

  /// The bytes of the file.
  var bytes: [UInt8] {
    var file: [UInt8] = []
    file.appendLittle(0xa1b2_3c4d as UInt32)
    file.appendLittle(2 as UInt16)
    file.appendLittle(4 as UInt16)
    for field: UInt32 in [0, 0, 262_144, 101] { file.appendLittle(field) }
    var next: [UInt16: (sent: UInt32, received: UInt32)] = [:]
    let order = packets.indices.sorted { (packets[$0].time, $0) < (packets[$1].time, $1) }
    for packet in order.map({ packets[$0] }) {
      var (sent, received) = next[packet.port] ?? (1000, 5000)
      let (sequence, acknowledged) = packet.isSent ? (sent, received) : (received, sent)
      let content = Self.content(packet, sequence: sequence, acknowledged)
      // SYN counts as one byte.
      let count = UInt32(packet.data.count) + UInt32(packet.flags & 2) / 2
      if packet.isSent { sent += count } else { received += count }
      next[packet.port] = (sent, received)
      file.appendLittle(UInt32(packet.time / 1_000_000_000))
      file.appendLittle(UInt32(packet.time % 1_000_000_000))
      for _ in 0..<2 { file.appendLittle(UInt32(content.count)) }
      file += content
    }
    return file
  }

  /// IPv4 and TCP headers and the data. Checksums stay 0, as with network cards that compute them.
  private static func content(_ packet: Packet, sequence: UInt32, _ acknowledged: UInt32) -> [UInt8] {
    var bytes: [UInt8] = [0x45, 0]
    bytes.appendBig(UInt16(40 + packet.data.count))
    bytes += [0, 0, 0, 0, 64, 6, 0, 0]
    bytes += flow(from: packet.port, isSent: packet.isSent)
    bytes.appendBig(sequence)
    bytes.appendBig(packet.flags == 2 ? 0 : acknowledged)
    bytes += [0x50, packet.flags, 0xff, 0xff, 0, 0, 0, 0]
    return bytes + packet.data
  }
}
