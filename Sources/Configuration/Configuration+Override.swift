extension Configuration {
  /// A value from the command line. It overrides the file's.
  public struct Override: Equatable, Sendable {
    /// The option as given, for errors, such as "--set connector.relay=false" or "--root /srv/netmine".
    public let option: String

    /// The key's whole path.
    public let key: String

    /// The value in libconfig's syntax. A text value needs no quotes.
    public let text: String

    /// Creates an override of `key` from an option other than `--set`.
    public init(option: String, key: String, text: String) {
      self.option = option
      self.key = key
      self.text = text
    }

    /// Parses the "KEY=VALUE" of `--set`; nil if there is no `=`.
    public init?(set assignment: String) {
      guard let equals = assignment.firstIndex(of: "=") else { return nil }
      option = "--set \(assignment)"
      key = String(assignment[..<equals].trimming(" "))
      text = String(assignment[assignment.index(after: equals)...].trimming(" "))
    }

    /// Parses the value as a setting of the key `known`.
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
  /// Removes a character from both ends.
  fileprivate func trimming(_ character: Character) -> Substring {
    var result = drop { $0 == character }
    while result.last == character { result.removeLast() }
    return result
  }
}
