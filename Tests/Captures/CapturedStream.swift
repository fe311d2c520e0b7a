import Bytes

/// The bytes of one side of a TCP connection without a gap, from a packet capture.
public struct CapturedStream {
  /// The start of a stream in its flow.
  public enum Beginning: Sendable {
    /// The packet of the flow that was captured first.
    case first
    /// A packet that was captured after one that follows it in sequence.
    case late
    /// The first suitable packet after a missing segment.
    case resumed
  }

  /// The sender's and the receiver's address, 4 or 16 bytes each, then their ports, 2 each, as in the
  /// packets.
  public let flow: [UInt8]

  /// The start of the stream in the flow.
  public let beginning: Beginning

  /// The bytes, from the first packet that starts with the magic.
  public private(set) var bytes: [UInt8] = []

  /// The streams of real nodes, in the order of the flows' first packets.
  ///
  /// Reads libpcap files of IPv4 and IPv6 over Ethernet. Reorders segments that were captured late, and drops
  /// duplicates. A stream starts with a packet that starts with `magic`, and ends at a missing segment; the
  /// next packet that starts with `magic` starts another. A flow of more than 2 GiB is not supported.
  ///
  /// - Throws: `WireError` if the file or a packet is truncated.
  public static func read(_ capture: [UInt8], magic: [UInt8]) throws(WireError) -> [CapturedStream] {
    var flows: [[Packet]] = []
    var indices: [[UInt8]: Int] = [:]
    var reader = ByteReader(capture.span.bytes)
    try reader.skip(24, "file header")
    while reader.remaining > 0 {
      try reader.skip(8, "packet time")
      let length = Int(try reader.little(UInt32.self, "packet length"))
      try reader.skip(4, "original length")
      guard let packet = try Packet(try reader.span(length, "packet")), !packet.data.isEmpty else { continue }
      if let index = indices[packet.flow] {
        flows[index].append(packet)
      } else {
        indices[packet.flow] = flows.count
        flows.append([packet])
      }
    }
    return flows.flatMap { join($0, magic: magic) }
  }

  /// Joins the packets of a flow, which are in capture order.
  private static func join(_ packets: [Packet], magic: [UInt8]) -> [CapturedStream] {
    let first = packets[0].sequence
    let places = packets.indices.map { (Int(Int32(bitPattern: packets[$0].sequence &- first)), $0) }
    var streams: [CapturedStream] = []
    var next = Int.min
    for (start, index) in places.sorted(by: <) {
      let data = packets[index].data
      if start <= next {
        streams[streams.count - 1].bytes += data.dropFirst(next - start)
      } else if data.starts(with: magic) {
        let beginning: Beginning = streams.isEmpty ? index == 0 ? .first : .late : .resumed
        streams.append(CapturedStream(flow: packets[index].flow, beginning: beginning, bytes: data))
      } else {
        continue
      }
      next = max(next, start + data.count)
    }
    return streams
  }

  /// A TCP segment.
  private struct Packet {
    let flow: [UInt8]
    let sequence: UInt32
    let data: [UInt8]

    /// Reads an Ethernet frame; nil if it is not IP.
    init?(_ frame: RawSpan) throws(WireError) {
      var reader = ByteReader(frame)
      try reader.skip(12, "Ethernet addresses")
      let type = try reader.big(UInt16.self, "Ethernet type")
      let addresses: [UInt8]
      let end: Int
      if type == 0x0800 {
        let start = reader.offset
        let headerSize = Int(try reader.big(UInt8.self, "IP version") & 15) * 4
        try reader.skip(1, "type of service")
        end = start + Int(try reader.big(UInt16.self, "IP length"))
        try reader.skip(8, "IP fields")
        addresses = try reader.array(8, "IP addresses")
        try reader.skip(headerSize - 20, "IP options")
      } else if type == 0x86dd {
        try reader.skip(4, "IP version")
        let length = Int(try reader.big(UInt16.self, "IP length"))
        try reader.skip(2, "IP fields")
        addresses = try reader.array(32, "IP addresses")
        end = reader.offset + length
      } else {
        return nil
      }
      flow = addresses + (try reader.array(4, "ports"))
      sequence = try reader.big("sequence number")
      try reader.skip(4, "acknowledgement")
      let dataOffset = Int(try reader.big(UInt8.self, "data offset") >> 4) * 4
      try reader.skip(dataOffset - 13, "TCP header")
      data = try reader.array(end - reader.offset, "TCP data")
    }
  }
}
