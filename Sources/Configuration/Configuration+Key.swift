extension Configuration {
  /// One key of `netmine.cfg`.
  public struct Key: Sendable {
    /// The whole path, such as "connector.bitcoin.services".
    public let path: String

    /// The meaning, with the unit. Lines may break at any space.
    public let documentation: String

    /// The accepted values, such as "a whole number from 0 to 23".
    public let expectation: String

    /// The default in libconfig's syntax; nil if there is none or if it follows from other keys.
    public let defaultText: String?

    /// A value in libconfig's syntax: the default, or an example.
    public let exampleText: String

    /// Whether a text value on the command line needs no quotes.
    let isText: Bool

    /// Reads a setting into a configuration.
    let apply: @Sendable (Setting, inout Configuration) throws(Mismatch) -> Void

    /// The groups that contain the key, outermost first.
    var groups: ArraySlice<Substring> { path.split(separator: ".").dropLast() }

    /// The last part of the path.
    var name: String { String(path.split(separator: ".").last!) }

    /// Creates a key.
    ///
    /// - Parameters:
    ///   - path: the whole path.
    ///   - field: the field of the configuration that holds the value and its default.
    ///   - kind: the accepted values.
    ///   - example: an example, if there is no default or it follows from other keys.
    ///   - documentation: the meaning, with the unit.
    init<Value: Sendable>(
      _ path: String,
      _ field: WritableKeyPath<Configuration, Value> & Sendable,
      _ kind: Kind<Value>,
      example: String? = nil,
      _ documentation: String
    ) {
      self.path = path
      self.documentation = documentation
      expectation = kind.expectation
      isText = kind.isText
      defaultText = example == nil ? kind.render(Configuration.unresolved[keyPath: field]) : nil
      exampleText = example ?? defaultText!
      apply = { setting, configuration throws(Mismatch) in
        configuration[keyPath: field] = try kind.read(setting)
      }
    }
  }
}
