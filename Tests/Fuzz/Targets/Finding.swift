import Bytes

/// Says that the library broke a promise about some bytes: a bug, whatever the bytes are.
public struct Finding: Error, CustomStringConvertible {
  /// What was promised and did not hold.
  public let description: String

  /// Says what does not hold.
  init(_ description: String) { self.description = description }
}

/// Throws unless a promise holds; `promise` says what was promised.
func expect(_ holds: Bool, _ promise: @autoclosure () -> String) throws(Finding) {
  guard holds else { throw Finding(promise()) }
}

/// Throws unless `text` is one line that a terminal shows as it is, and no longer than a person would read.
public func expectLine(_ text: String, of what: String, maximum: Int = 4096) throws(Finding) {
  var text = text
  text.makeContiguousUTF8()
  try expect(text.utf8.count <= maximum, "\(what) has \(text.utf8.count) bytes")
  if text.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) { return }
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
      throw Finding("\(what) holds U+\(String(scalar.value, radix: 16)): \(text.debugDescription)")
    default: continue
    }
  }
}

/// A reader's own words for what it refused, checked: they name a place in the bytes, in one line.
func expectExplained(_ error: WireError, in bytes: RawSpan) throws(Finding) {
  try expect(
    (0...bytes.byteCount).contains(error.offset),
    "an error is about one of \(bytes.byteCount) bytes: \(error)"
  )
  try expectLine(error.description, of: "an error")
}
