extension Configuration {
  /// A `netmine.cfg` with every key explained and set to its default, written from `keys`.
  ///
  /// What has no default, or follows from other keys, is shown as a comment.
  public static var defaultFile: String { defaultFile(of: keys) }

  /// The same for some keys.
  static func defaultFile(of keys: [Key]) -> String {
    var text = """
      # Configuration of all Netmine programs, in libconfig syntax.
      #
      # Every key may be left out; the values here are the defaults. A line that begins with "#" and
      # has a value shows a key that has no default of its own. Any key can be set for one run with
      # --set KEY=VALUE, for example --set connector.network=signet. Relative paths begin at the
      # folder a program is started in. Numbers beyond 32 bits may end in L.

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
