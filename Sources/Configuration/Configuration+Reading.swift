extension Configuration {
  /// Reads a file, then what the command line says.
  ///
  /// Relative paths are made absolute from the folder the program was started in, wherever it went since its
  /// first configuration.
  ///
  /// - Parameters:
  ///   - file: the file, in libconfig's syntax; nil for our defaults.
  ///   - overrides: what the command line says; of two for one key the later wins.
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

  /// Reads text as if it were a file's, then what the command line says.
  ///
  /// - Parameters:
  ///   - text: the text, in libconfig's syntax.
  ///   - file: the file's name, for errors.
  ///   - overrides: what the command line says; of two for one key the later wins.
  /// - Throws: an error with every problem found.
  public init(text: String, file: String?, overrides: [Override] = []) throws(ConfigurationError) {
    try self.init(text: text, file: file, overrides: overrides, keys: Self.keys)
  }

  /// Reads text in which only these keys are known.
  init(text: String, file: String?, overrides: [Override] = [], keys: [Key]) throws(ConfigurationError) {
    var reading = ConfigurationReading(keys: keys)
    let name = file ?? "built-in defaults"
    // An override is read even where the file's syntax is wrong: all problems are told at once.
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

  /// Reads the same file again, with the same words from the command line.
  ///
  /// Relative paths still begin at the folder the program was started in; relative `@include`s do not.
  ///
  /// - Throws: an error with every problem found; this configuration stays good.
  public func reread() throws(ConfigurationError) -> Configuration {
    try Configuration(file: file, overrides: overrides)
  }
}
