import ArgumentParser
import BitcoinWire

/// What commands and peers are ordered by on the live screen.
enum TopOrder: String, CaseIterable, ExpressibleByArgument {
  /// The most messages first.
  case messages
  /// The most bytes first.
  case bytes
  /// The most messages since the start first; peers by messages.
  case total
  /// By name; peers by their ids.
  case name

  /// The order that a key chooses; nil where it chooses none.
  init?(key: UInt8) {
    switch Unicode.Scalar(key) {
    case "m", "r": self = .messages
    case "b": self = .bytes
    case "t": self = .total
    case "n": self = .name
    default: return nil
    }
  }

  /// Whether traffic comes before other traffic; nil where it is equal to it.
  func precedes(_ left: TopModel.Traffic, _ right: TopModel.Traffic) -> Bool? {
    let (before, after) = self == .bytes ? (left.bytes, right.bytes) : (left.messages, right.messages)
    return self == .name || before == after ? nil : before > after
  }
}
