/// What connectors before 0.2 said in place of codes: a reason that begins with an outcome's name, `already connected:
/// connection 17`.
extension Outcome {
  /// Reads a reason; nil if it is empty.
  ///
  /// The only place in which text is taken apart: files and connectors of those days say nothing else.
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
