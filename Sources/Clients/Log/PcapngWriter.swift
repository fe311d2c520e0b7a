import BitcoinWire
import Bytes
import LogFiles
import LogProtocol
import Observations

/// Writes messages as a pcapng capture (draft-ietf-opsawg-pcapng). Each message is in TCP segments of its
/// own, within a made-up connection, so that Wireshark and tshark dissect it.
///
/// The addresses are those of the connection if they are IPv4, IPv6 or CJDNS. Tor and I2P peers get the IPv6
/// addresses of OnionCat and GarliCat, unknown peers an address for benchmarks (198.18.0.0/15). A connection
/// begins with a TCP handshake and ends with FIN or RST. Time stamps are the records', in ns.
struct PcapngWriter {
  /// Messages written.
  private(set) var messageCount = 0

  private var table = ConnectionTable()
  private var flows: [Place: Flow] = [:]

  private struct Place: Hashable {
    let source: UInt32
    let connection: UInt32
  }

  /// Bytes of a message per segment: a little less than an IPv4 packet can hold.
  private static let segmentCount = 65_000

  /// The capture's first bytes: a section header, and one interface with raw IP packets.
  static let beginning: [UInt8] = {
    var section: [UInt8] = []
    section.appendLittle(0x1a2b_3c4d as UInt32)
    section.appendLittle(1 as UInt16)
    section.appendLittle(0 as UInt16)
    section.appendLittle(UInt64.max)
    option(4, Array("netmine".utf8), &section)
    option(0, [], &section)
    var interface: [UInt8] = []
    interface.appendLittle(101 as UInt16)
    interface.appendLittle(0 as UInt16)
    interface.appendLittle(0 as UInt32)
    option(2, Array("netmine".utf8), &interface)
    // Time stamps are in units of 10^-9 s.
    option(9, [9], &interface)
    option(0, [], &interface)
    return block(0x0a0d_0d0a, section) + block(1, interface)
  }()

  /// Appends a record's packets, if it is shown or ends a connection.
  mutating func append(_ record: StreamRecord, isShown: Bool, to output: inout [UInt8]) {
    let header = record.header
    let place = Place(source: header.source, connection: header.connection)
    switch record.content {
    case .message:
      guard isShown else { return }
      let index = flow(place, at: header.time, &output)
      append(record.body, index, header, &output)
    case .event(let event):
      let former = table.connections(of: header.source)[header.connection]
      table.note(record)
      guard former != nil, table.connections(of: header.source)[header.connection] == nil else { return }
      end(place, event, at: header.time, &output)
    case .meta(let meta):
      table.note(record)
      if case .sourceLeft(let source, _, _, _) = meta { flows = flows.filter { $0.key.source != source } }
    case .text, .other, .unreadable: break
    }
  }

  /// Begins the connection's flow if it is new; returns its key.
  private mutating func flow(_ place: Place, at time: UInt64, _ output: inout [UInt8]) -> Place {
    guard flows[place] == nil else { return place }
    let open = table.connections(of: place.source)[place.connection]
    var flow = Flow(open, place.source, place.connection)
    let isOutbound = open?.direction != .inbound
    let comment = open.map { "\($0.remote)" } ?? "peer unknown"
    flow.append([], [.syn], fromUs: isOutbound, at: time, comment: comment, &output)
    flow.append([], [.syn, .ack], fromUs: !isOutbound, at: time, &output)
    flow.append([], [.ack], fromUs: isOutbound, at: time, &output)
    flows[place] = flow
    return place
  }

  private mutating func append(
    _ message: UnsafeRawBufferPointer,
    _ place: Place,
    _ header: RecordHeader,
    _ output: inout [UInt8]
  ) {
    messageCount += 1
    var rest = message[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.segmentCount))
      rest = rest.dropFirst(part.count)
      let flags: Flow.Flags = rest.isEmpty ? [.ack, .push] : [.ack]
      flows[place]!.append(
        Array(part),
        flags,
        fromUs: header.flags.contains(.sent),
        at: header.time,
        &output
      )
    }
  }

  private mutating func end(
    _ place: Place,
    _ event: ConnectionEvent,
    at time: UInt64,
    _ output: inout [UInt8]
  ) {
    guard var flow = flows.removeValue(forKey: place) else { return }
    switch event.code {
    case .closedByPeer: flow.append([], [.fin, .ack], fromUs: false, at: time, &output)
    case .closedByUs: flow.append([], [.fin, .ack], fromUs: true, at: time, &output)
    case .resetByPeer: flow.append([], [.reset], fromUs: false, at: time, &output)
    default: flow.append([], [.reset], fromUs: true, at: time, comment: event.code.name, &output)
    }
  }

  /// Appends a block, with its length before and after the body.
  static func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
    let count = UInt32(12 + body.count)
    var bytes: [UInt8] = []
    bytes.appendLittle(type)
    bytes.appendLittle(count)
    bytes += body
    bytes.appendLittle(count)
    return bytes
  }

  /// Appends an option of a block, padded to four bytes.
  static func option(_ code: UInt16, _ value: [UInt8], _ bytes: inout [UInt8]) {
    bytes.appendLittle(code)
    bytes.appendLittle(UInt16(value.count))
    bytes += value
    bytes += [UInt8](repeating: 0, count: -value.count & 3)
  }
}
