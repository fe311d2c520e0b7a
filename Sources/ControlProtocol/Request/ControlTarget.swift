import Bytes

/// The connections that a request concerns.
///
/// Layout: u8 kind; 0, all: no fields; 1, connections: u32 count, u32 each id; 2, filter: as
/// `ConnectionFilter`. Kinds from 3 are reserved for connections of several sources.
public enum ControlTarget: Hashable, Sendable {
  /// Every connection. `send` uses those whose handshake is done, `disconnect` also those still being made.
  case all
  /// The connections with these ids.
  case connections([UInt32])
  /// The connections that meet a filter; for `send`, only those whose handshake is done.
  case filter(ConnectionFilter)

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    let kind = try reader.big(UInt8.self, "target kind")
    switch kind {
    case 0: self = .all
    case 1: self = .connections(try reader.identifiers("connection ids"))
    case 2: self = .filter(try ConnectionFilter(&reader))
    default:
      throw WireError(
        .invalid("is \(kind), which this version does not know"),
        field: "target kind",
        offset: reader.offset - 1
      )
    }
  }

  func write(to bytes: inout [UInt8]) {
    switch self {
    case .all: bytes.append(0)
    case .connections(let identifiers):
      bytes.append(1)
      bytes.appendIdentifiers(identifiers)
    case .filter(let filter):
      bytes.append(2)
      filter.write(to: &bytes)
    }
  }
}
