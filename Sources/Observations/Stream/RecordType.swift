/// Types of records, one bit each, so that several form a mask (docs/log-format.md).
public struct RecordType: OptionSet, Hashable, Sendable {
  /// The bits, as in a record's header.
  public let rawValue: UInt16

  /// Creates a type or mask from its bits.
  @inlinable
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// About the stream itself; the body is a `MetaBody`.
  @inlinable public static var meta: RecordType { RecordType(rawValue: 0x01) }
  /// Text for developers.
  @inlinable public static var debug: RecordType { RecordType(rawValue: 0x02) }
  /// Text: a control command, with its client.
  @inlinable public static var control: RecordType { RecordType(rawValue: 0x04) }
  /// Text: an error.
  @inlinable public static var error: RecordType { RecordType(rawValue: 0x08) }
  /// A connection event; the body is a `ConnectionEvent`.
  @inlinable public static var connection: RecordType { RecordType(rawValue: 0x10) }
  /// A Bitcoin message, exactly as on the wire: 24-byte header and payload.
  @inlinable public static var message: RecordType { RecordType(rawValue: 0x20) }
  /// Text: a notice of the connector.
  @inlinable public static var connector: RecordType { RecordType(rawValue: 0x40) }
  /// Text: a notice of a client.
  @inlinable public static var client: RecordType { RecordType(rawValue: 0x80) }

  /// From inside a node: its memory pool. The body is an extension's, as below.
  @inlinable public static var mempool: RecordType { RecordType(rawValue: 0x0100) }
  /// From inside a node: its validation of blocks and transactions.
  @inlinable public static var validation: RecordType { RecordType(rawValue: 0x0200) }
  /// From inside a node: its connections.
  @inlinable public static var nodeConnection: RecordType { RecordType(rawValue: 0x0400) }
  /// From inside a node: a line of its log.
  @inlinable public static var nodeLog: RecordType { RecordType(rawValue: 0x0800) }
  /// A snapshot from a node's RPC.
  @inlinable public static var rpc: RecordType { RecordType(rawValue: 0x1000) }
  /// An alert from a program that watches the stream.
  @inlinable public static var alert: RecordType { RecordType(rawValue: 0x2000) }

  /// The types whose bodies begin with u32 count of the bytes that follow, so that a reader that does not
  /// know them can check that they are whole.
  public static let extensions: RecordType = [
    .mempool, .validation, .nodeConnection, .nodeLog, .rpc, .alert,
  ]

  /// Every type, including those of later versions.
  @inlinable public static var all: RecordType { RecordType(rawValue: .max) }

  /// Each named type with its name on the command line and in text, in order of its bit.
  public static let names: [(type: RecordType, name: String)] = [
    (.meta, "meta"), (.debug, "debug"), (.control, "ctrl"), (.error, "error"), (.connection, "bitcoin"),
    (.message, "bitcoin_msg"), (.connector, "connector"), (.client, "client"), (.mempool, "mempool"),
    (.validation, "validation"), (.nodeConnection, "node_connection"), (.nodeLog, "node_log"), (.rpc, "rpc"),
    (.alert, "alert"),
  ]

  /// Looks up the type with a name, in any case; nil if there is none.
  public init?(name: some StringProtocol) {
    guard let entry = Self.names.first(where: { $0.name == name.lowercased() }) else { return nil }
    self = entry.type
  }

  /// The type's name, or `type-N` if it has none.
  public var name: String {
    Self.names.first { $0.type == self }?.name ?? "type-\(rawValue)"
  }
}

/// Properties of a record.
public struct RecordFlags: OptionSet, Hashable, Sendable {
  /// The bits, as in a record's header.
  public let rawValue: UInt8

  /// Creates flags from their bits.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// We sent the message; otherwise we received it.
  @inlinable public static var sent: RecordFlags { RecordFlags(rawValue: 1 << 0) }
  /// The message's checksum is wrong.
  @inlinable public static var wrongChecksum: RecordFlags { RecordFlags(rawValue: 1 << 1) }
  /// The message was transferred over an encrypted transport (version 2, BIP324).
  @inlinable public static var encrypted: RecordFlags { RecordFlags(rawValue: 1 << 2) }
  /// The body is cut short.
  @inlinable public static var truncated: RecordFlags { RecordFlags(rawValue: 1 << 3) }
  /// The time stamp is an upper bound: the event happened then or a little earlier.
  @inlinable public static var upperBound: RecordFlags { RecordFlags(rawValue: 1 << 4) }
  /// The record was sent again after a reconnect; a reader may have it already.
  @inlinable public static var resent: RecordFlags { RecordFlags(rawValue: 1 << 5) }
}
