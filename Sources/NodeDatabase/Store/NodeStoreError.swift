/// An error of the node database. It never contains a password.
public struct NodeStoreError: Error, Equatable, CustomStringConvertible {
  /// The error as a clause without a full stop.
  public let description: String
  /// Whether the database refuses the written values, so that trying again cannot succeed.
  public let isRefusal: Bool

  /// Creates an error with its words.
  init(_ description: String, isRefusal: Bool = false) {
    (self.description, self.isRefusal) = (description, isRefusal)
  }
}
