/// The part of a network's nodes that a process serves. Several processes share a network because each can
/// have only a limited number of descriptors.
public struct NetworkPart: Sendable, Equatable {
  /// Number of the part, from 1.
  public let number: Int

  /// Number of parts, 1 to 1000.
  public let count: Int

  /// The whole network.
  public static let whole = NetworkPart(number: 1, count: 1)

  private init(number: Int, count: Int) {
    self.number = number
    self.count = count
  }

  /// Parses `2/4`; nil for any other text and for a part that does not exist.
  public init?(_ text: String) {
    let sides = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard sides.count == 2, let number = sides[0], let count = sides[1], (1...1000).contains(count),
      (1...count).contains(number)
    else { return nil }
    self.init(number: number, count: count)
  }

  /// Whether the part serves a node: every `count`-th node.
  public func serves(_ node: Int) -> Bool { node % count == number - 1 }
}
