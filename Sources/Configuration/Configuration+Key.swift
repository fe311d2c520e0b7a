extension Configuration {
  /// One key of `netmine.cfg`.
  public struct Key: Sendable {
    /// Its whole path: "connector.bitcoin.services".
    public let path: String

    /// What it means, with its unit; lines may break anywhere between words.
    public let documentation: String

    /// What its value has to be: "a whole number from 0 to 23".
    public let expectation: String

    /// Its default as it is written in the file; nil where it has none or it follows from other keys.
    public let defaultText: String?

    /// A value as it may be written in the file: the default, or an example.
    public let exampleText: String

    /// Whether text given on the command line needs no quotes.
    let isText: Bool

    /// Reads a setting into a configuration.
    let apply: @Sendable (Setting, inout Configuration) throws(Mismatch) -> Void

    /// The groups above it.
    var groups: ArraySlice<Substring> { path.split(separator: ".").dropLast() }

    /// The last part of its path.
    var name: String { String(path.split(separator: ".").last!) }

    /// Creates a key.
    ///
    /// - Parameters:
    ///   - path: its whole path.
    ///   - field: where its value and its default are.
    ///   - kind: what its value has to be.
    ///   - example: a value, where the default is none or follows from other keys.
    ///   - documentation: what it means.
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
