import Bytes

/// What one side of a TCP connection said without a gap, out of a packet capture.
public struct CapturedStream {
  /// Address and port of who spoke and of who listened, as in the packets: 4, 4, 2 and 2 bytes.
  public let flow: [UInt8]

  /// The bytes, from the first packet on that starts with the magic.
  public private(set) var bytes: [UInt8] = []

  /// The sequence number that is next.
  private var next: UInt32

  /// What real nodes said, in the order of the first packets.
  ///
  /// Reads libpcap's files of IPv4 in Ethernet. A stream begins with a packet that starts with `magic`, and ends
  /// where a segment is missing; it may go on as another.
  ///
  /// - Throws: `WireError` where the file or a packet ends early.
  public static func read(_ capture: [UInt8], magic: [UInt8]) throws(WireError) -> [CapturedStream] {
    var streams: [CapturedStream] = []
    var open: [[UInt8]: Int] = [:]
    var reader = ByteReader(capture.span.bytes)
    try reader.skip(24, "file header")
    while reader.remaining > 0 {
      try reader.skip(8, "packet time")
      let length = Int(try reader.little(UInt32.self, "packet length"))
      try reader.skip(4, "original length")
      guard let packet = try Packet(try reader.span(length, "packet")), !packet.data.isEmpty else { continue }
      if let index = open[packet.flow], streams[index].next == packet.sequence {
        streams[index].append(packet)
      } else if packet.data.starts(with: magic) {
        open[packet.flow] = streams.count
        streams.append(CapturedStream(packet))
      }
    }
    return streams
  }

  private init(_ packet: Packet) {
    flow = packet.flow
    next = packet.sequence
    append(packet)
  }

  private mutating func append(_ packet: Packet) {
    bytes += packet.data
    next &+= UInt32(packet.data.count)
  }

  /// A TCP segment.
  private struct Packet {
    let flow: [UInt8]
    let sequence: UInt32
    let data: [UInt8]

    /// Reads an Ethernet frame; nil where it has no IPv4.
    init?(_ frame: RawSpan) throws(WireError) {
      var reader = ByteReader(frame)
      try reader.skip(12, "Ethernet addresses")
      guard try reader.big(UInt16.self, "Ethernet type") == 0x0800 else { return nil }
      let start = reader.offset
      let headerSize = Int(try reader.big(UInt8.self, "IP version") & 15) * 4
      try reader.skip(1, "type of service")
      let total = Int(try reader.big(UInt16.self, "IP length"))
      try reader.skip(8, "IP fields")
      let addresses = try reader.array(8, "IP addresses")
      try reader.skip(headerSize - 20, "IP options")
      flow = addresses + (try reader.array(4, "ports"))
      sequence = try reader.big("sequence number")
      try reader.skip(4, "acknowledgement")
      let dataOffset = Int(try reader.big(UInt8.self, "data offset") >> 4) * 4
      try reader.skip(dataOffset - 13, "TCP header")
      data = try reader.array(start + total - reader.offset, "TCP data")
    }
  }
}
