import BitcoinWire
import Bytes
import LogProtocol
import Observations

extension PcapngWriter {
  /// A made-up TCP connection.
  struct Flow {
    /// The flags of the TCP header.
    struct Flags: OptionSet {
      let rawValue: UInt8

      static let fin = Flags(rawValue: 0x01)
      static let syn = Flags(rawValue: 0x02)
      static let reset = Flags(rawValue: 0x04)
      static let push = Flags(rawValue: 0x08)
      static let ack = Flags(rawValue: 0x10)
    }

    private let us: Endpoint
    private let peer: Endpoint
    private var ourSequence: UInt32
    private var theirSequence: UInt32

    /// Creates a connection. Unknown endpoints are made up from the connection's id.
    init(_ open: OpenConnection?, _ source: UInt32, _ connection: UInt32) {
      let unknown = NetworkAddress.ipv4(0xc612_0000 | connection & 0x1_ffff)
      let remote = open?.remote ?? Endpoint(unknown, port: 8333)
      let address = Self.packetAddress(remote.address)
      peer = Endpoint(address, port: remote.port == 0 ? 8333 : remote.port)
      let local = Self.packetAddress(open?.local.address ?? .ipv4(0))
      let isKnown = local.network == address.network && (open?.local.port ?? 0) != 0
      let placeholder: NetworkAddress =
        address.network == .ipv4 ? .ipv4(0xc000_0201) : .ipv6(0x2001_0db8 << 96 | 1)
      us =
        isKnown
        ? Endpoint(local, port: open!.local.port)
        : Endpoint(placeholder, port: UInt16(1024 + connection % 60_000))
      // Another connection between the same endpoints must be another TCP stream.
      ourSequence = (connection &* 0x9e37_79b1) ^ source
      theirSequence = ourSequence &+ 0x5000_0000
    }

    /// An IPv4 or IPv6 address that represents an address of any network.
    private static func packetAddress(_ address: NetworkAddress) -> NetworkAddress {
      func prefixed(_ prefix: UInt128, _ bytes: [UInt8]) -> NetworkAddress {
        .ipv6(bytes.prefix(10).reduce(prefix) { $0 << 8 | UInt128($1) })
      }
      switch address.unmapped {
      case .ipv4, .ipv6: return address.unmapped
      case .cjdns(let address): return .ipv6(address)
      case .torV2(let name): return prefixed(0xfd87_d87e_eb43, name.bytes)
      case .torV3(let key): return prefixed(0xfd87_d87e_eb43, key.array)
      case .i2p(let hash): return prefixed(0xfd60_db4d_ddb5, hash.array)
      case .other(_, let bytes):
        return prefixed(0xfd00_0000_0000, bytes + [UInt8](repeating: 0, count: 10))
      }
    }

    /// Appends a packet to a capture.
    mutating func append(
      _ payload: [UInt8],
      _ flags: Flags,
      fromUs: Bool,
      at time: UInt64,
      comment: String? = nil,
      _ output: inout [UInt8]
    ) {
      let packet = packet(payload, flags, fromUs: fromUs)
      let advance = UInt32(payload.count) &+ (flags.isDisjoint(with: [.syn, .fin]) ? 0 : 1)
      if fromUs { ourSequence &+= advance } else { theirSequence &+= advance }
      var body: [UInt8] = []
      body.reserveCapacity(packet.count + 64)
      body.appendLittle(0 as UInt32)
      body.appendLittle(UInt32(truncatingIfNeeded: time >> 32))
      body.appendLittle(UInt32(truncatingIfNeeded: time))
      body.appendLittle(UInt32(packet.count))
      body.appendLittle(UInt32(packet.count))
      body += packet
      body += [UInt8](repeating: 0, count: -packet.count & 3)
      if let comment { PcapngWriter.option(1, Array(comment.utf8.prefix(200)), &body) }
      // Direction: 1 inbound, 2 outbound.
      PcapngWriter.option(2, [fromUs ? 2 : 1, 0, 0, 0], &body)
      PcapngWriter.option(0, [], &body)
      output += PcapngWriter.block(6, body)
    }

    private func packet(_ payload: [UInt8], _ flags: Flags, fromUs: Bool) -> [UInt8] {
      let (from, to) = fromUs ? (us, peer) : (peer, us)
      var segment: [UInt8] = []
      segment.reserveCapacity(20 + payload.count)
      segment.appendBig(from.port)
      segment.appendBig(to.port)
      segment.appendBig(fromUs ? ourSequence : theirSequence)
      let isFirst = flags.contains(.syn) && !flags.contains(.ack)
      segment.appendBig(isFirst ? 0 : fromUs ? theirSequence : ourSequence)
      segment.append(5 << 4)
      segment.append(flags.rawValue)
      segment.appendBig(UInt16.max)
      segment.appendBig(0 as UInt32)
      segment += payload
      let ends = from.address.bytes + to.address.bytes
      var pseudo = ends
      pseudo.appendBig(UInt32(segment.count))
      pseudo.appendBig(6 as UInt32)
      segment.replaceBig(Self.checksum(segment, Self.sum(pseudo)), at: 16)
      if case .ipv4 = from.address { return Self.ipv4(segment.count, ends) + segment }
      return Self.ipv6(segment.count, ends) + segment
    }

    private static func ipv4(_ count: Int, _ ends: [UInt8]) -> [UInt8] {
      var bytes: [UInt8] = [0x45, 0]
      bytes.appendBig(UInt16(20 + count))
      // Don't fragment; 64 hops; TCP.
      bytes += [0, 0, 0x40, 0, 64, 6, 0, 0]
      bytes += ends
      bytes.replaceBig(checksum(bytes, 0), at: 10)
      return bytes
    }

    private static func ipv6(_ count: Int, _ ends: [UInt8]) -> [UInt8] {
      var bytes: [UInt8] = [0x60, 0, 0, 0]
      bytes.appendBig(UInt16(count))
      bytes += [6, 64]
      return bytes + ends
    }

    private static func sum(_ bytes: [UInt8]) -> UInt64 {
      bytes.withUnsafeBytes { bytes in
        var sum: UInt64 = 0
        var offset = 0
        while offset + 2 <= bytes.count {
          sum += UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
          offset += 2
        }
        return offset < bytes.count ? sum + UInt64(bytes[offset]) << 8 : sum
      }
    }

    private static func checksum(_ bytes: [UInt8], _ start: UInt64) -> UInt16 {
      var sum = sum(bytes) + start
      while sum >> 16 > 0 { sum = sum & 0xffff + sum >> 16 }
      return ~UInt16(sum)
    }
  }
}
