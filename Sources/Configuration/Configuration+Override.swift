extension Configuration {
  /// A value from the command line, which wins over the file's.
  public struct Override: Equatable, Sendable {
    /// The option as it was written, for errors: "--set connector.relay=false", "--root /srv/netmine".
    public let option: String

    /// The key's whole path.
    public let key: String

    /// The value in libconfig's syntax; text needs no quotes.
    public let text: String

    /// Creates an override of `key`, given by an option of its own.
    public init(option: String, key: String, text: String) {
      self.option = option
      self.key = key
      self.text = text
    }

    /// Reads "KEY=VALUE", given by `--set`; nil without a `=`.
    public init?(set assignment: String) {
      guard let equals = assignment.firstIndex(of: "=") else { return nil }
      option = "--set \(assignment)"
      key = String(assignment[..<equals].trimming(" "))
      text = String(assignment[assignment.index(after: equals)...].trimming(" "))
    }

    /// The value as a setting of `known`.
    func setting(of known: Key) throws(ConfigurationError) -> Setting {
      let origin = ConfigurationError.Origin.option(option)
      if known.isText, !text.hasPrefix("\"") {
        return Setting(name: known.name, value: .text(text), origin: origin)
      }
      var tree: Setting?
      do {
        tree = try Setting.parse("value = \(text);") { _ in origin }
      } catch {
        if error.problems[0].kind == .outOfRange { throw error }
      }
      guard case .group(let members)? = tree?.value, members.count == 1, members[0].name == "value" else {
        throw ConfigurationError(
          .wrongType,
          origin: origin,
          key: key,
          reason: "\(quoted(text)) cannot be read",
          remedy: "it has to be \(known.expectation), for example \(known.exampleText)"
        )
      }
      return Setting(name: known.name, value: members[0].value, origin: origin)
    }
  }
}

extension Substring {
  /// Without the given character at both ends.
  fileprivate func trimming(_ character: Character) -> Substring {
    var result = drop { $0 == character }
    while result.last == character { result.removeLast() }
    return result
  }
}
