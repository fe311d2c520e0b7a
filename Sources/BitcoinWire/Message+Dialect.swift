import Bytes

extension Message {
  /// Decodes the payload of a message of a network that speaks this dialect; what diverges from Bitcoin there
  /// becomes `unknown`, with its bytes.
  public static func decode(
    _ command: Command,
    payload: RawSpan,
    dialect: Dialect
  ) throws(WireError) -> DecodedMessage {
    guard !dialect.isOpaque(command, payload: payload) else {
      return DecodedMessage(.unknown(command: command, payload: Array(payload)))
    }
    return try decode(command, payload: payload)
  }

  /// The summary of a message that is still bytes, of a network that speaks this dialect.
  public static func summary(_ command: Command, payload: RawSpan, dialect: Dialect) -> String {
    if dialect.isOpaque(command, payload: payload) { return "\(command) \(payload.byteCount) bytes" }
    if dialect == .bitcoin || command == .block { return summary(command, payload: payload) }
    do throws(WireError) {
      let decoded = try decode(command, payload: payload)
      let trailing = decoded.trailing.count
      return decoded.message.summary(in: dialect) + (trailing == 0 ? "" : " and \(trailing) bytes left over")
    } catch {
      return "\(command) malformed: \(error)"
    }
  }

  /// The message in a few words for one line, with the names that its network's dialect has.
  public func summary(in dialect: Dialect) -> String {
    switch self {
    case .version(let version): version.summary(in: dialect)
    case .inv(let message), .getdata(let message), .notfound(let message):
      "\(command) \(message.summary(in: dialect))"
    default: summary
    }
  }
}
