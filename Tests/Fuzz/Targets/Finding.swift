import Bytes

/// A promise that the library broke for some bytes: always a bug, whatever the bytes are.
public struct Finding: Error, CustomStringConvertible {
  /// The broken promise.
  public let description: String

  /// Creates a finding.
  init(_ description: String) { self.description = description }
}

/// Throws unless a promise holds; `promise` is its text.
func expect(_ holds: Bool, _ promise: @autoclosure () -> String) throws(Finding) {
  guard holds else { throw Finding(promise()) }
}

/// Throws unless `text` is one printable line of at most `maximum` bytes.
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

/// Checks the error of a reader: its offset is within the bytes, and its text is one line.
func expectExplained(_ error: WireError, in bytes: RawSpan) throws(Finding) {
  try expect(
    (0...bytes.byteCount).contains(error.offset),
    "an error is about one of \(bytes.byteCount) bytes: \(error)"
  )
  try expectLine(error.description, of: "an error")
}
