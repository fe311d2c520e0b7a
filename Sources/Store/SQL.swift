/// Quoting for SQL.
public enum SQL {
  /// A text as a literal, without its NULs, which PostgreSQL cannot store.
  public static func literal(_ text: String) -> String {
    let clean = text.unicodeScalars.filter { $0.value != 0 }.map(String.init).joined()
    return "'\(doubling("'", clean))'"
  }

  /// A name as a quoted identifier.
  public static func identifier(_ name: String) -> String { "\"\(doubling("\"", name))\"" }

  private static func doubling(_ quote: Character, _ text: String) -> String {
    text.split(separator: quote, omittingEmptySubsequences: false).joined(separator: "\(quote)\(quote)")
  }
}
