import Bytes
import LogProtocol

/// One of the two formatters that write records as lines.
public enum LineFormatter {
  /// Lines for people.
  case text(TextFormatter)
  /// Lines for programs.
  case json(JSONFormatter)

  /// Appends a record's line, with its line feed.
  public mutating func append(_ record: StreamRecord, to output: inout [UInt8]) {
    // Taken out and put back, so that the formatter is changed in place rather than copied.
    switch self {
    case .text(var formatter):
      self = .text(TextFormatter())
      formatter.append(record, to: &output)
      self = .text(formatter)
    case .json(var formatter):
      self = .json(JSONFormatter())
      formatter.append(record, to: &output)
      self = .json(formatter)
    }
  }

  /// Learns from a record that is not shown.
  public mutating func skip(_ record: StreamRecord) {
    guard record.header.type == .connection || record.header.type == .meta else { return }
    switch self {
    case .text(var formatter):
      self = .text(TextFormatter())
      formatter.skip(record)
      self = .text(formatter)
    case .json(var formatter):
      self = .json(JSONFormatter())
      formatter.skip(record)
      self = .json(formatter)
    }
  }
}
