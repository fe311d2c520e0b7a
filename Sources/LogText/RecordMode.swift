import LogProtocol

/// The form in which records are written.
public enum RecordMode {
  /// A line for each record.
  case lines(LineFormatter)
  /// The records' bytes after a preamble, so that they form a log again.
  case raw
  /// A summary line for each interval of time.
  case rate(RateSummary)
}
