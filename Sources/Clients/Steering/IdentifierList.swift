import ArgumentParser

/// Connection ids on a command line: `5` or `5,6,7`.
public struct IdentifierList: ExpressibleByArgument, Hashable {
  /// The ids; none is 0.
  public let identifiers: [UInt32]

  /// Parses ids; nil if one of them is not an id.
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
  /// The first ten ids, for people.
  public static func text(_ identifiers: [UInt32]) -> String {
    identifiers.prefix(10).map(String.init).joined(separator: " ") + (identifiers.count > 10 ? " …" : "")
  }
}
