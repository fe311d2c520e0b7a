import BitcoinWire
import Bytes

extension Outcome {
  /// The details of an outcome besides its code and error number.
  public enum Detail: Hashable, Sendable {
    /// No details. Kind 0.
    case none
    /// The system call that failed. Kind 1: u8.
    case call(IOError.Call)
    /// The existing connection that prevents a new one. Kind 2: u32 id.
    case connection(UInt32)
    /// A limit that was reached. Kind 3: u16 limit, i64 value, i64 bound.
    case limit(Limit, value: Int64, bound: Int64)
    /// The time-out that expired. Kind 4: u64 ns.
    case timeout(UInt64)
    /// The bytes received in place of the network's magic, up to four. Kind 5: u16 count and bytes found, 4
    /// bytes expected, in the order on the wire.
    case magic(found: [UInt8], expected: UInt32)
    /// A message header that announces too long a payload. Kind 6: 12 bytes command, u32 length, u32 maximum.
    case oversized(Command, length: UInt32, maximum: UInt32)
    /// A message whose payload cannot be decoded. Kind 7: 12 bytes command, then as in `MalformedField`.
    case malformed(Command, MalformedField)
    /// A network that needs a proxy when none is configured. Kind 8: u8 BIP155 network id.
    case unproxied(NetworkID)
    /// An address beyond the reach of the connector's network. Kind 9: u8 reach.
    case outOfReach(Network.Reach)
    /// The connection was reset before the peer's `version` arrived. Kind 10.
    case beforeVersion
    /// The proxy's error, or the reason why it did not answer. Kind 11: as in `ProxyFailure`.
    case proxy(ProxyFailure)
    /// The text of a source that knows no codes. Kind 12: UTF-8.
    case text(String)
    /// A detail of a later version.
    case unknown(kind: UInt8, [UInt8])
  }

  /// A limit of the connector, with a stable number.
  public enum Limit: UInt16, Hashable, Sendable, CaseIterable {
    /// Connects a second from one address, in thousandths (`connector.bitcoin.inbound_rate`).
    case inboundRate = 1
    /// Connections from one address (`connector.bitcoin.max_inbound_per_address`).
    case inboundPerAddress = 2
    /// Connections that peers opened (`connector.bitcoin.max_inbound`).
    case inbound = 3
    /// Connections that the limit of open files allows (`ulimit -n`).
    case openFiles = 4
    /// Bytes of memory held for peers (`connector.peer_memory`); the value is this peer's share.
    case peerMemory = 5
    /// Bytes queued for one peer and not sent.
    case unsentBytes = 6
    /// Queued connects (`connector.dial.queue`).
    case waitingConnects = 7
    /// Connections kept open (`connector.dial.queue`).
    case keptConnections = 8
    /// Connections to one network group (`connector.dial.group_limit`).
    case groupConnections = 9
    /// The lowest protocol version accepted (`connector.bitcoin.min_version`); the value is the peer's.
    case protocolVersion = 10
  }

  /// The field of a message that cannot be decoded.
  ///
  /// Layout: text field, u32 offset in the payload, u8 problem, u64 value, u64 bound.
  public struct MalformedField: Hashable, Sendable {
    /// The problem with a field.
    public enum Problem: UInt8, Hashable, Sendable {
      /// The field needs `value` bytes and `bound` are left.
      case truncated = 1
      /// The field is `value`, more than `bound`.
      case limit = 2
      /// The field's value is not allowed.
      case invalid = 3
      /// After the field, `value` bytes are left over.
      case trailing = 4
    }

    /// The field's name in the message's documentation.
    public var field: String
    /// Offset of the field in the payload, in bytes.
    public var offset: UInt32
    /// The problem with the field.
    public var problem: Problem
    /// The problem's `value`; 0 if it has none.
    public var value: UInt64
    /// The problem's `bound`; 0 if it has none.
    public var bound: UInt64

    /// Creates a description of the field and its problem.
    public init(field: String, offset: UInt32, problem: Problem, value: UInt64 = 0, bound: UInt64 = 0) {
      self.field = field
      self.offset = offset
      self.problem = problem
      self.value = value
      self.bound = bound
    }

    /// Converts the error that decoding the payload threw.
    public init(_ error: WireError) {
      let (problem, value, bound): (Problem, UInt64, UInt64) =
        switch error.problem {
        case .truncated(let needed, let available):
          (.truncated, UInt64(clamping: needed), UInt64(clamping: available))
        case .limit(let value, let maximum): (.limit, value, maximum)
        case .invalid: (.invalid, 0, 0)
        case .trailing(let count): (.trailing, UInt64(clamping: count), 0)
        }
      self.init(
        field: error.field.description,
        offset: UInt32(clamping: error.offset),
        problem: problem,
        value: value,
        bound: bound
      )
    }
  }

  /// A proxy's error, or the reason why it did not answer.
  ///
  /// Layout: u8 kind, then the fields of the case.
  public enum ProxyFailure: Hashable, Sendable {
    /// The connect to the proxy failed with the outcome's errno. Kind 1: endpoint of the proxy.
    case unreachable(Endpoint)
    /// The proxy did not answer in time. Kind 2: u64 ns.
    case timeout(UInt64)
    /// The proxy closed the connection, or its connection failed with the outcome's errno. Kind 3.
    case closed
    /// The server there does not speak the proxy's protocol. Kind 4.
    case notProxy
    /// A SOCKS5 reply other than success (RFC 1928; from 0xf0 on Tor's proposal 304). Kind 5: u8 reply.
    case socksReply(UInt8)
    /// The proxy's answer to the SOCKS5 authentication methods that we offer, if it is none of them (RFC
    /// 1928). Kind 6: u8 method.
    case socksMethod(UInt8)
    /// The SOCKS5 proxy refused our user name (RFC 1929). Kind 7: u8 status.
    case socksCredentials(UInt8)
    /// An I2P router's result other than OK (SAM 3.1). Kind 8: text RESULT, text MESSAGE.
    case sam(result: String, message: String)
  }
}

extension Outcome {
  /// Reads an outcome; nil if the code is 0.
  @_lifetime(reader: copy reader)
  public static func read(_ reader: inout ByteReader) throws(WireError) -> Outcome? {
    let code = Code(rawValue: try reader.big("outcome"))
    guard code.rawValue != 0 else { return nil }
    let errorNumber = try reader.big(UInt32.self, "errno")
    let kind = try reader.big(UInt8.self, "detail kind")
    let bytes = try reader.span(Int(try reader.big(UInt16.self, "detail length")), "detail")
    return Outcome(code, errorNumber: errorNumber, try Detail(kind: kind, bytes))
  }
}

extension Array where Element == UInt8 {
  /// Appends an outcome; nil becomes code 0 alone.
  public mutating func appendOutcome(_ outcome: Outcome?) {
    guard let outcome else { return appendBig(UInt16(0)) }
    appendBig(outcome.code.rawValue)
    appendBig(outcome.errorNumber)
    append(outcome.detail.kind)
    let start = count
    appendBig(UInt16(0))
    outcome.detail.write(to: &self)
    // Only texts have no length limit of their own: cut them to fit.
    if count - start - 2 > Int(UInt16.max) { removeLast(count - start - 2 - Int(UInt16.max)) }
    replaceBig(UInt16(count - start - 2), at: start)
  }
}

extension Outcome.Detail {
  fileprivate var kind: UInt8 {
    switch self {
    case .none: 0
    case .call: 1
    case .connection: 2
    case .limit: 3
    case .timeout: 4
    case .magic: 5
    case .oversized: 6
    case .malformed: 7
    case .unproxied: 8
    case .outOfReach: 9
    case .beforeVersion: 10
    case .proxy: 11
    case .text: 12
    case .unknown(let kind, _): kind
    }
  }

  /// Decodes a detail. One with extra bytes or unknown numbers is kept as bytes.
  fileprivate init(kind: UInt8, _ bytes: RawSpan) throws(WireError) {
    var reader = ByteReader(bytes)
    let known = try Self.known(kind, &reader)
    if let known, reader.remaining == 0 {
      self = known
    } else {
      self = .unknown(kind: kind, Array(bytes))
    }
  }

  @_lifetime(reader: copy reader)
  private static func known(_ kind: UInt8, _ reader: inout ByteReader) throws(WireError) -> Self? {
    switch kind {
    case 0: return Self.none
    case 1: return IOError.Call(rawValue: try reader.big("system call")).map { .call($0) }
    case 2: return .connection(try reader.big("connection id"))
    case 3:
      guard let limit = Outcome.Limit(rawValue: try reader.big("limit")) else { return nil }
      return .limit(limit, value: try reader.big("value"), bound: try reader.big("bound"))
    case 4: return .timeout(try reader.big("timeout"))
    case 5:
      return .magic(
        found: try reader.prefixedBytes("magic found"),
        expected: try reader.little("magic expected")
      )
    case 6:
      return .oversized(
        Command(try reader.span(Command.size, "command")),
        length: try reader.big("length"),
        maximum: try reader.big("maximum")
      )
    case 7:
      let command = Command(try reader.span(Command.size, "command"))
      return try Outcome.MalformedField.read(&reader).map { .malformed(command, $0) }
    case 8: return .unproxied(NetworkID(rawValue: try reader.big("network")))
    case 9: return Network.Reach(rawValue: try reader.big("reach")).map { .outOfReach($0) }
    case 10: return .beforeVersion
    case 11: return try Outcome.ProxyFailure.read(&reader).map { .proxy($0) }
    case 12: return .text(String(decoding: try reader.array(reader.remaining, "text"), as: UTF8.self))
    default: return nil
    }
  }

  fileprivate func write(to bytes: inout [UInt8]) {
    switch self {
    case .none, .beforeVersion: break
    case .call(let call): bytes.append(call.rawValue)
    case .connection(let id): bytes.appendBig(id)
    case .limit(let limit, let value, let bound):
      bytes.appendBig(limit.rawValue)
      bytes.appendBig(value)
      bytes.appendBig(bound)
    case .timeout(let nanoseconds): bytes.appendBig(nanoseconds)
    case .magic(let found, let expected):
      bytes.appendPrefixed(found.prefix(4))
      bytes.appendLittle(expected)
    case .oversized(let command, let length, let maximum):
      command.append(to: &bytes)
      bytes.appendBig(length)
      bytes.appendBig(maximum)
    case .malformed(let command, let field):
      command.append(to: &bytes)
      field.write(to: &bytes)
    case .unproxied(let network): bytes.append(network.rawValue)
    case .outOfReach(let reach): bytes.append(reach.rawValue)
    case .proxy(let failure): failure.write(to: &bytes)
    case .text(let text): bytes += text.utf8
    case .unknown(_, let rest): bytes += rest
    }
  }
}

extension Outcome.MalformedField {
  @_lifetime(reader: copy reader)
  fileprivate static func read(_ reader: inout ByteReader) throws(WireError) -> Self? {
    let field = try reader.text("field")
    let offset = try reader.big(UInt32.self, "offset")
    let problem = Problem(rawValue: try reader.big("problem"))
    let value = try reader.big(UInt64.self, "value")
    let bound = try reader.big(UInt64.self, "bound")
    return problem.map { Self(field: field, offset: offset, problem: $0, value: value, bound: bound) }
  }

  fileprivate func write(to bytes: inout [UInt8]) {
    bytes.appendText(field)
    bytes.appendBig(offset)
    bytes.append(problem.rawValue)
    bytes.appendBig(value)
    bytes.appendBig(bound)
  }
}

extension Outcome.ProxyFailure {
  @_lifetime(reader: copy reader)
  fileprivate static func read(_ reader: inout ByteReader) throws(WireError) -> Self? {
    switch try reader.big(UInt8.self, "proxy failure") {
    case 1: return .unreachable(try reader.endpoint("proxy"))
    case 2: return .timeout(try reader.big("timeout"))
    case 3: return .closed
    case 4: return .notProxy
    case 5: return .socksReply(try reader.big("SOCKS reply"))
    case 6: return .socksMethod(try reader.big("SOCKS method"))
    case 7: return .socksCredentials(try reader.big("SOCKS status"))
    case 8: return .sam(result: try reader.text("SAM result"), message: try reader.text("SAM message"))
    default: return nil
    }
  }

  fileprivate func write(to bytes: inout [UInt8]) {
    switch self {
    case .unreachable(let proxy):
      bytes.append(1)
      bytes.appendEndpoint(proxy)
    case .timeout(let nanoseconds):
      bytes.append(2)
      bytes.appendBig(nanoseconds)
    case .closed: bytes.append(3)
    case .notProxy: bytes.append(4)
    case .socksReply(let reply): bytes += [5, reply]
    case .socksMethod(let method): bytes += [6, method]
    case .socksCredentials(let status): bytes += [7, status]
    case .sam(let result, let message):
      bytes.append(8)
      bytes.appendText(result)
      bytes.appendText(message)
    }
  }
}
