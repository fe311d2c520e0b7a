import ArgumentParser
import LogProtocol

extension ArchiveFormat: ExpressibleByArgument {
  /// Parses a format's name: `native` or `coinscope`.
  public init?(argument: String) {
    guard let format = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = format
  }

  /// The formats' names, for help.
  public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}
