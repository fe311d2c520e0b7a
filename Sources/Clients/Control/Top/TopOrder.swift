import ArgumentParser
import BitcoinWire

/// The sort orders of commands and peers in the live display.
enum TopOrder: String, CaseIterable, ExpressibleByArgument {
  /// Most messages first.
  case messages
  /// Most bytes first.
  case bytes
  /// Most messages since the start first; peers by messages in the latest sample.
  case total
  /// By name; peers by id.
  case name

  /// The order that a key selects; nil for other keys.
  init?(key: UInt8) {
    switch Unicode.Scalar(key) {
    case "m", "r": self = .messages
    case "b": self = .bytes
    case "t": self = .total
    case "n": self = .name
    default: return nil
    }
  }

  /// Whether `left` comes before `right`; nil if they are equal or sorted by name.
  func precedes(_ left: TopModel.Traffic, _ right: TopModel.Traffic) -> Bool? {
    let (before, after) = self == .bytes ? (left.bytes, right.bytes) : (left.messages, right.messages)
    return self == .name || before == after ? nil : before > after
  }
}
