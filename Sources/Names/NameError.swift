import CCares

/// Why a name has no address.
public struct NameError: Error, Equatable, CustomStringConvertible {
  /// What the name servers said, or did not, in words.
  public let description: String

  init(_ description: String) { self.description = description }

  init(status: Int32) { description = String(cString: ares_strerror(status)) }
}
