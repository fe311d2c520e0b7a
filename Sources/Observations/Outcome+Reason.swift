/// Outcomes of connectors before 0.2. In place of a code they sent a reason that begins with an outcome's
/// name: `already connected: connection 17`.
extension Outcome {
  /// Parses a reason; nil if it is empty.
  ///
  /// This is the only place that parses text: old files and connectors contain nothing else.
  public init?(reason: String, errorNumber: UInt32) {
    guard !reason.isEmpty else { return nil }
    let colon = reason.firstRange(of: ": ")
    guard let code = Code(name: reason[..<(colon?.lowerBound ?? reason.endIndex)]) else {
      self.init(.unspecified, errorNumber: errorNumber, .text(reason))
      return
    }
    guard let colon else {
      self.init(code, errorNumber: errorNumber)
      return
    }
    let rest = reason[colon.upperBound...]
    self.init(code, errorNumber: errorNumber, .text(String(rest)))
    let words = "connection "
    if code == .alreadyConnected, rest.hasPrefix(words), let id = UInt32(rest.dropFirst(words.count)) {
      detail = .connection(id)
    } else if code == .reset, rest == "before version" {
      detail = .beforeVersion
    }
  }
}
