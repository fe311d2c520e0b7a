/// Which of a network's nodes a process serves: several processes share one network, as a process can only have so many
/// descriptors.
public struct NetworkPart: Sendable, Equatable {
  /// Its number, from 1.
  public let number: Int

  /// How many parts there are.
  public let count: Int

  /// All of the network.
  public static let whole = NetworkPart(number: 1, count: 1)

  private init(number: Int, count: Int) {
    self.number = number
    self.count = count
  }

  /// Reads `2/4`; nil where there is no such part.
  public init?(_ text: String) {
    let sides = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard sides.count == 2, let number = sides[0], let count = sides[1], (1...1000).contains(count),
      (1...count).contains(number)
    else { return nil }
    self.init(number: number, count: count)
  }

  /// Whether it serves a node: each serves every so-manieth.
  public func serves(_ node: Int) -> Bool { node % count == number - 1 }
}
