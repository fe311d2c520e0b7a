/// Formats amounts in few digits.
public enum Figures {
  /// A number: `0`, `2.5`, `12000`, `1.2M`.
  public static func short(_ value: Double) -> String { scaled(value, from: 1e6) }

  /// A number of bytes: `999 B`, `1.5 kB`, `120 MB`.
  public static func bytes(_ count: Double) -> String {
    let text = scaled(count, from: 1000)
    guard let last = text.last, last.isLetter else { return text + " B" }
    return "\(text.dropLast()) \(last)B"
  }

  private static func scaled(_ value: Double, from limit: Double) -> String {
    guard value.isFinite else { return "0" }
    var value = value
    var prefix = ""
    if value >= limit {
      for next in ["k", "M", "G", "T", "P"] where value >= 999.5 {
        value /= 1000
        prefix = next
      }
    }
    let isWhole = value >= 99.95 || value == value.rounded()
    let tenths = (value * 10).rounded()
    return (isWhole ? "\(Int(value.rounded()))" : "\(tenths / 10)") + prefix
  }
}
