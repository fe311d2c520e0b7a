/// Why the node database cannot be used; no password is ever in it.
public struct NodeStoreError: Error, Equatable, CustomStringConvertible {
  /// A sentence about it, without its end.
  public let description: String

  /// Creates an error with its words.
  init(_ description: String) { self.description = description }
}
