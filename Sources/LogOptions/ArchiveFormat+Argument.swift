import ArgumentParser
import LogProtocol

extension ArchiveFormat: ExpressibleByArgument {
  /// Reads a format's name.
  public init?(argument: String) {
    guard let format = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = format
  }

  /// The formats' names.
  public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}
