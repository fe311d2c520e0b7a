import LogProtocol

/// What becomes of the records that are shown.
public enum RecordMode {
  /// A line for each.
  case lines(LineFormatter)
  /// Their bytes, after a preamble, so that they can be read as a log again.
  case raw
  /// A line for each interval of time.
  case rate(RateSummary)
}
