/// Why the node database cannot be used; no password is ever in it.
public struct NodeStoreError: Error, Equatable, CustomStringConvertible {
  /// A sentence about it, without its end.
  public let description: String
  /// Whether the database refuses something of what was to be written: the same again is refused again.
  public let isRefusal: Bool

  /// Creates an error with its words.
  init(_ description: String, isRefusal: Bool = false) {
    (self.description, self.isRefusal) = (description, isRefusal)
  }
}
