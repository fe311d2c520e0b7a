import ArgumentParser

/// Connection ids as a person writes them: `5` or `5,6,7`.
public struct IdentifierList: ExpressibleByArgument, Hashable {
  /// The ids, none of them 0.
  public let identifiers: [UInt32]

  /// Reads the ids; nil where one of them is none.
  public init?(argument: String) {
    var identifiers: [UInt32] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let identifier = UInt32(part), identifier > 0 else { return nil }
      identifiers.append(identifier)
    }
    self.identifiers = identifiers
  }
}

extension IdentifierList {
  /// Ids for people, the first ten of them.
  public static func text(_ identifiers: [UInt32]) -> String {
    identifiers.prefix(10).map(String.init).joined(separator: " ") + (identifiers.count > 10 ? " …" : "")
  }
}
