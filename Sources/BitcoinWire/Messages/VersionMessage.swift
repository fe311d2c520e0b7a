import Bytes
import JSON

/// `version`: opens the handshake and introduces the sender.
///
/// | size | field |
/// | --- | --- |
/// | 4 | protocol version |
/// | 8 | services |
/// | 8 | time, seconds since the Unix epoch |
/// | 26 | receiver: services, 16-byte address, big-endian port |
/// | 26 | sender, likewise (since version 106) |
/// | 8 | nonce |
/// | 1 … | user agent, at most 256 bytes (BIP14) |
/// | 4 | height of the best block (since version 209) |
/// | 1 | whether to relay transactions (BIP37) |
///
/// Integers are little-endian. As in Bitcoin Core, the message may end after the receiver, the nonce, the
/// user agent or the height. A nil field was absent, and no field after a nil field is encoded.
public struct VersionMessage: MessagePayload {
  /// The longest user agent in bytes (`MAX_SUBVERSION_LENGTH`).
  public static let maximumUserAgent = 256

  /// Services and an address in the old form, without a time.
  public struct Party: Hashable, Sendable {
    /// The services of the node, as claimed.
    public var services: ServiceFlags

    /// The address of the node, as claimed; zeros if the old form cannot hold it.
    public var endpoint: Endpoint

    /// An unknown node: no services, `[::]:0`.
    public static let unknown = Party(services: [], endpoint: Endpoint(.ipv6(0), port: 0))

    /// Joins services and an endpoint.
    public init(services: ServiceFlags, endpoint: Endpoint) {
      self.services = services
      self.endpoint = endpoint
    }

    /// Reads the 26 bytes.
    @_lifetime(reader: copy reader)
    init(from reader: inout ByteReader) throws(WireError) {
      services = ServiceFlags(rawValue: try reader.little(UInt64.self, "services"))
      let address = try NetworkAddress(legacyFrom: &reader)
      endpoint = Endpoint(address, port: try reader.big(UInt16.self, "port"))
    }

    /// Appends the 26 bytes.
    func append(to bytes: inout [UInt8]) {
      bytes.appendLittle(services.rawValue)
      endpoint.address.appendLegacy(to: &bytes)
      bytes.appendBig(endpoint.port)
    }

    /// Makes the party from `address:port`, or from the fields of services and an endpoint.
    init(fields: inout FieldReader) throws(FieldError) {
      if let endpoint = try fields.plainEndpoint() {
        self.init(services: [], endpoint: endpoint)
      } else {
        self.init(services: try fields.services() ?? [], endpoint: try fields.endpoint())
      }
    }

    /// Writes the services and the endpoint.
    func write(to json: inout JSONWriter, in dialect: Dialect) {
      json.member(services: services, in: dialect)
      json.member(endpoint: endpoint)
    }
  }

  /// Highest protocol version that the sender supports.
  public var version: Int32

  /// The services that the sender offers.
  public var services: ServiceFlags

  /// The sender's clock, seconds since the Unix epoch.
  public var time: Int64

  /// The sender's view of the receiver.
  public var receiver: Party

  /// The sender's own address, usually `unknown`. `sender` and `nonce` are either both present or both nil.
  public var sender: Party?

  /// A random number, by which a node detects a connection to itself.
  public var nonce: UInt64?

  /// The name of the sender's software; any bytes.
  public var userAgent: [UInt8]?

  /// Height of the sender's best block.
  public var startHeight: Int32?

  /// Whether the sender wants transactions relayed; nil if absent, which means that it does.
  public var relay: Bool? {
    get { relayByte.map { $0 != 0 } }
    set { relayByte = newValue.map { $0 ? 1 : 0 } }
  }

  /// `relay` on the wire. As in Bitcoin Core, any value except 0 means true.
  public var relayByte: UInt8?

  /// Creates a message from its fields.
  public init(
    version: Int32,
    services: ServiceFlags,
    time: Int64,
    receiver: Party = .unknown,
    sender: Party? = .unknown,
    nonce: UInt64?,
    userAgent: [UInt8]?,
    startHeight: Int32?,
    relay: Bool?
  ) {
    self.version = version
    self.services = services
    self.time = time
    self.receiver = receiver
    self.sender = sender
    self.nonce = nonce
    self.userAgent = userAgent
    self.startHeight = startHeight
    self.relay = relay
  }

  /// Reads the fields that are present.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    version = try reader.little(Int32.self, "version")
    services = ServiceFlags(rawValue: try reader.little(UInt64.self, "services"))
    time = try reader.little(Int64.self, "time")
    receiver = try Party(from: &reader)
    guard reader.remaining > 0 else { return }
    sender = try Party(from: &reader)
    nonce = try reader.little(UInt64.self, "nonce")
    guard reader.remaining > 0 else { return }
    userAgent = try reader.counted("user agent", maximum: Self.maximumUserAgent)
    guard reader.remaining > 0 else { return }
    startHeight = try reader.little(Int32.self, "start height")
    guard reader.remaining > 0 else { return }
    relayByte = try reader.little(UInt8.self, "relay")
  }

  /// Appends the fields up to the first nil.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendLittle(version)
    bytes.appendLittle(services.rawValue)
    bytes.appendLittle(time)
    receiver.append(to: &bytes)
    guard let sender, let nonce else { return }
    sender.append(to: &bytes)
    bytes.appendLittle(nonce)
    guard let userAgent else { return }
    bytes.appendCounted(userAgent)
    guard let startHeight else { return }
    bytes.appendLittle(startHeight)
    guard let relayByte else { return }
    bytes.append(relayByte)
  }

  /// Writes every field, with the network's names for services.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("version", version)
    json.member(services: services, in: dialect)
    json.member("time", time)
    json.object("receiver") { receiver.write(to: &$0, in: dialect) }
    if let sender { json.object("sender") { sender.write(to: &$0, in: dialect) } }
    json.member("nonce", fixedHexadecimal: nonce)
    json.member("user_agent", userAgent.map { EscapedText.utf8($0) })
    json.member("start_height", startHeight)
    json.member("relay", relay)
    if let relayByte, relayByte > 1 { json.member("relay_byte", relayByte) }
  }

  /// Makes the message from its fields. The defaults are version 70016, no services, an empty user agent,
  /// relay true, and zeros. A null `nonce`, `user_agent`, `start_height` or `relay` ends the message before
  /// that field.
  public init(fields: inout FieldReader) throws(FieldError) {
    let hasNonce = !fields.isNull("nonce")
    let hasAgent = !fields.isNull("user_agent")
    let hasHeight = !fields.isNull("start_height")
    let hasRelay = !fields.isNull("relay")
    self.init(
      version: try fields.integer("version", default: 70016),
      services: try fields.services() ?? [],
      time: try fields.integer("time", default: 0),
      receiver: try fields.group("receiver", Party.init(fields:)) ?? .unknown,
      sender: try fields.group("sender", Party.init(fields:)) ?? (hasNonce ? .unknown : nil),
      nonce: try fields.fixed("nonce") ?? (hasNonce ? 0 : nil),
      userAgent: try fields.escaped("user_agent") ?? (hasAgent ? [] : nil),
      startHeight: hasHeight ? try fields.integer("start_height", default: 0) : nil,
      relay: try fields.bool("relay") ?? (hasRelay ? true : nil)
    )
    if fields.has("relay_byte") { relayByte = try fields.integer("relay_byte") }
  }

  /// The user agent, or the version if there is none, then the height and the services.
  public func summary(in dialect: Dialect) -> String {
    var text = userAgent == nil ? "\(version)" : userAgentText
    if let startHeight { text += " height \(startHeight)" }
    let names = services.isEmpty ? "NONE" : dialect.names(of: services).joined(separator: "|")
    return text + " services \(names)"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [
    .optional("version"), .optional("services"), .optional("time"), .optional("receiver"),
    .optional("sender"), .optional("nonce"), .optional("user_agent"), .optional("start_height"),
    .optional("relay"),
  ]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [
    VersionMessage(
      version: 70016,
      services: [.network, .witness, .p2pV2],
      time: 1_760_000_000,
      receiver: Party(services: .network, endpoint: Endpoint("198.51.100.7:8333")!),
      nonce: 0x0102_0304_0506_0708,
      userAgent: Array("/Satoshi:29.0.0/".utf8),
      startHeight: 900_001,
      relay: true
    )
  ]

  /// The user agent as text that is safe to print; empty if there is none.
  public var userAgentText: String { EscapedText.utf8(userAgent ?? []) }
}

extension Command {
  /// Opens the handshake.
  public static let version: Command = "version"
}

extension MessageKind {
  /// `version`.
  static let version = MessageKind(
    .version,
    Message.version,
    bips: [14, 37],
    limits: [("user agent", VersionMessage.maximumUserAgent)]
  )
}
