import CCares

/// Why a name has no address, or an address no name.
public struct NameError: Error, Equatable, CustomStringConvertible {
  /// What the name servers said, or did not, in words.
  public let description: String

  /// Whether a name server said that there is none; otherwise asking again may help.
  public let isAnswer: Bool

  init(_ description: String) {
    self.description = description
    isAnswer = false
  }

  init(status: Int32) {
    description = String(cString: ares_strerror(status))
    isAnswer = status == ARES_ENOTFOUND || status == ARES_ENODATA
  }
}
