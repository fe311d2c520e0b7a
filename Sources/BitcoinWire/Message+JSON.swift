import JSON

extension Message {
  /// Writes all that the payload says as members of a JSON object; the command is the caller's.
  ///
  /// Hashes are texts in reversed byte order, bytes are hexadecimal, times seconds since the Unix epoch,
  /// amounts satoshi. What may be any bytes but is meant as text is escaped as `EscapedText` has it.
  ///
  /// - Parameter dialect: what the network that it is of calls its inventory types and services.
  public func write(to json: inout JSONWriter, in dialect: Dialect = .bitcoin) {
    switch self {
    case .version(let version): version.write(to: &json, in: dialect)
    case .addr(let message): message.write(to: &json, in: dialect)
    case .addrv2(let message): message.write(to: &json, in: dialect)
    case .inv(let message), .getdata(let message), .notfound(let message):
      message.write(to: &json, in: dialect)
    case .unknown(_, let payload): json.hexadecimal("payload", payload)
    default: parts.payload.write(to: &json)
    }
  }
}
