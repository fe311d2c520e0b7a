extension Configuration {
  /// A `netmine.cfg` with every key, its documentation and its default, generated from `keys`.
  ///
  /// A key without a fixed default is commented out and has an example.
  public static var defaultFile: String { defaultFile(of: keys) }

  /// The file for some keys.
  static func defaultFile(of keys: [Key]) -> String {
    var text = """
      # Configuration of all Netmine programs, in libconfig syntax.
      #
      # Every key is optional; the values here are the defaults. A line with a value that begins
      # with "#" shows an example for a key without a fixed default. --set KEY=VALUE sets any key for
      # one run, for example --set connector.network=signet. Relative paths begin at the folder where
      # a program is started. Numbers beyond 32 bits may end in L.

      """
    var open: [Substring] = []
    for key in keys {
      let groups = Array(key.groups)
      let common = zip(open, groups).prefix { $0 == $1 }.count
      while open.count > common {
        open.removeLast()
        text += indentation(open.count) + "};\n"
      }
      text += "\n"
      for group in groups[common...] {
        text += indentation(open.count) + "\(group): {\n"
        open.append(group)
      }
      let margin = indentation(open.count)
      for line in wrapped(key.documentation, width: 96 - margin.count) { text += "\(margin)# \(line)\n" }
      text += margin + (key.defaultText == nil ? "# " : "") + "\(key.name) = \(key.exampleText);\n"
    }
    while !open.isEmpty {
      open.removeLast()
      text += indentation(open.count) + "};\n"
    }
    return text
  }

  private static func indentation(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  private static func wrapped(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      if let last = lines.last, last.count + word.count + 1 <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
