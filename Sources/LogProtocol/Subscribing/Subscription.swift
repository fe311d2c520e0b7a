import BitcoinWire
import Bytes
import Observations

/// The records that a reader asks for.
///
/// Layout: u16 type mask, u8 directions (1 received, 2 sent), u8 flags (1 archiving, 2 disconnect when too
/// slow), u16 count and 12-byte commands, u16 count and u32 sources, u16 count and u32 connections.
///
/// META records are sent whatever the subscription says. An empty list of commands, sources or connections
/// means all of them. Commands and directions restrict messages only. `RecordFilter` applies a subscription.
public struct Subscription: Equatable, Sendable {
  /// The treatment of a reader that is too slow.
  public enum SlowPolicy: Sendable {
    /// It misses records and gets a gap record.
    case gap
    /// It is disconnected.
    case disconnect
  }

  /// Wanted types.
  public var types: RecordType
  /// Whether received messages are wanted.
  public var wantsReceived = true
  /// Whether sent messages are wanted.
  public var wantsSent = true
  /// Whether the reader archives and acknowledges records: sources hold records until it has done so.
  public var isArchiving = false
  /// The treatment of the reader when it is too slow.
  public var slowPolicy = SlowPolicy.gap
  /// Wanted commands of messages.
  public var commands: [Command] = []
  /// Wanted sources.
  public var sources: [UInt32] = []
  /// Wanted connections, of any source. Unless empty, records about no connection are not wanted.
  public var connections: [UInt32] = []

  /// Creates a subscription to types, without further restriction.
  public init(types: RecordType = .all) { self.types = types }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    types = RecordType(rawValue: try reader.big("type mask"))
    let directions = try reader.big(UInt8.self, "directions")
    wantsReceived = directions & 1 != 0
    wantsSent = directions & 2 != 0
    let flags = try reader.big(UInt8.self, "subscription flags")
    isArchiving = flags & 1 != 0
    slowPolicy = flags & 2 != 0 ? .disconnect : .gap
    for _ in 0..<(try reader.big(UInt16.self, "command count")) {
      commands.append(Command(try reader.span(Command.size, "command")))
    }
    for _ in 0..<(try reader.big(UInt16.self, "source count")) { sources.append(try reader.big("source")) }
    for _ in 0..<(try reader.big(UInt16.self, "connection count")) {
      connections.append(try reader.big("connection"))
    }
  }

  func write(to bytes: inout [UInt8]) {
    bytes.appendBig(types.rawValue)
    bytes.append((wantsReceived ? 1 : 0) | (wantsSent ? 2 : 0))
    bytes.append((isArchiving ? 1 : 0) | (slowPolicy == .disconnect ? 2 : 0))
    bytes.appendBig(UInt16(clamping: commands.count))
    for command in commands.prefix(Int(UInt16.max)) { command.append(to: &bytes) }
    bytes.appendBig(UInt16(clamping: sources.count))
    for source in sources.prefix(Int(UInt16.max)) { bytes.appendBig(source) }
    bytes.appendBig(UInt16(clamping: connections.count))
    for connection in connections.prefix(Int(UInt16.max)) { bytes.appendBig(connection) }
  }
}
