import JSON

extension Message {
  /// Writes all that the payload says as members of a JSON object; the command is the caller's.
  ///
  /// Hashes are texts in reversed byte order, bytes are hexadecimal, times seconds since the Unix epoch,
  /// amounts satoshi. What may be any bytes but is meant as text is escaped as `EscapedText` has it.
  public func write(to json: inout JSONWriter) {
    if case .unknown(_, let payload) = self {
      json.hexadecimal("payload", payload)
    } else {
      parts.payload.write(to: &json)
    }
  }
}
