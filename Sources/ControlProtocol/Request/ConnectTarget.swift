import BitcoinWire
import Bytes

/// A node to connect to, and how.
///
/// Layout: endpoint remote, u8 options, then what each option's bit, lowest first, brings along: bit 0, local
/// endpoint. Other bits are refused. An endpoint is u8 BIP155 network, u16 count, address, u16 port.
public struct ConnectTarget: Hashable, Sendable {
  /// Fewest bytes on the wire.
  static let minimumSize = 6

  /// Where the node listens.
  public var remote: Endpoint

  /// The address to connect from, with port 0 for any; nil to let the system choose.
  public var local: Endpoint?

  /// Describes a node.
  public init(_ remote: Endpoint, local: Endpoint? = nil) {
    self.remote = remote
    self.local = local
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    remote = try reader.endpoint("remote endpoint")
    let options = try reader.big(UInt8.self, "connect options")
    guard options & ~1 == 0 else {
      throw WireError(
        .invalid("are \(options); this version knows bit 0 only"),
        field: "connect options",
        offset: reader.offset - 1
      )
    }
    if options & 1 != 0 { local = try reader.endpoint("local endpoint") }
  }

  func write(to bytes: inout [UInt8]) {
    bytes.appendEndpoint(remote)
    bytes.append(local == nil ? 0 : 1)
    if let local { bytes.appendEndpoint(local) }
  }
}
