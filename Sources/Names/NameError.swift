import CCares

/// The reason that a name has no address, or an address has no name.
public struct NameError: Error, Equatable, CustomStringConvertible {
  /// The answer of the name servers, or their failure, in words.
  public let description: String

  /// Whether a name server answered that there is none. If false, another attempt may succeed.
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
