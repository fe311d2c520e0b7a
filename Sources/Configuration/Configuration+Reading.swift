extension Configuration {
  /// Reads a file, then applies the command line's overrides.
  ///
  /// Relative paths are resolved from the program's working directory when it read its first configuration.
  ///
  /// - Parameters:
  ///   - file: the file, in libconfig's syntax; nil for the built-in defaults.
  ///   - overrides: the overrides. The last one for a key applies.
  /// - Throws: an error with every problem found.
  public init(file: String?, overrides: [Override] = []) throws(ConfigurationError) {
    guard let file else {
      try self.init(text: "", file: nil, overrides: overrides)
      return
    }
    let remedy = "name an existing file, or none to run with built-in defaults"
    let text = try TextFile.read(file, what: "configuration", remedy: remedy)
    try self.init(text: text, file: file, overrides: overrides)
  }

  /// Reads text like a file, then applies the command line's overrides.
  ///
  /// - Parameters:
  ///   - text: the text, in libconfig's syntax.
  ///   - file: the file's name, for errors.
  ///   - overrides: the overrides. The last one for a key applies.
  /// - Throws: an error with every problem found.
  public init(text: String, file: String?, overrides: [Override] = []) throws(ConfigurationError) {
    try self.init(text: text, file: file, overrides: overrides, keys: Self.keys)
  }

  /// Reads text with the given table of keys.
  init(text: String, file: String?, overrides: [Override] = [], keys: [Key]) throws(ConfigurationError) {
    var reading = ConfigurationReading(keys: keys)
    let name = file ?? "built-in defaults"
    // Overrides are read even if the file has a syntax error, to report all problems together.
    do {
      reading.read(try Setting.parse(text) { .file(name, line: $0) }, path: "")
    } catch {
      reading.problems += error.problems
    }
    for override in overrides { reading.read(override) }
    self = try reading.finish()
    self.file = file.map { StartFolder.absolute($0) }
    self.text = text.withoutSecrets
    self.overrides = overrides
  }

  /// Reads the same file again, with the same overrides.
  ///
  /// Relative paths are still resolved from the folder in which the program was started. Relative `@include`s
  /// are not.
  ///
  /// - Throws: an error with every problem found. This configuration stays valid.
  public func reread() throws(ConfigurationError) -> Configuration {
    try Configuration(file: file, overrides: overrides)
  }
}
