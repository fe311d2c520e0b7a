import Bytes
import LogProtocol

/// One of the two formatters that write records as lines.
public enum LineFormatter {
  /// Lines for people.
  case text(TextFormatter)
  /// Lines for programs.
  case json(JSONFormatter)

  /// Appends a record's line, with its line feed.
  ///
  /// - Parameter body: the record's body.
  public mutating func append(
    _ header: RecordHeader,
    body: UnsafeRawBufferPointer,
    to output: inout [UInt8]
  ) {
    // Taken out and put back, so that the formatter is changed in place rather than copied.
    switch self {
    case .text(var formatter):
      self = .text(TextFormatter())
      formatter.append(header, body: body, to: &output)
      self = .text(formatter)
    case .json(var formatter):
      self = .json(JSONFormatter())
      formatter.append(header, body: body, to: &output)
      self = .json(formatter)
    }
  }

  /// Learns from a record that is not shown.
  ///
  /// - Parameter body: the record's body.
  public mutating func skip(_ header: RecordHeader, body: UnsafeRawBufferPointer) {
    guard header.type == .connection || header.type == .meta else { return }
    switch self {
    case .text(var formatter):
      self = .text(TextFormatter())
      formatter.skip(header, body: body)
      self = .text(formatter)
    case .json(var formatter):
      self = .json(JSONFormatter())
      formatter.skip(header, body: body)
      self = .json(formatter)
    }
  }
}
