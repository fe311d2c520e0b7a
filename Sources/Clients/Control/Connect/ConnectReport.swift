import Commands

/// Prints the outcomes of connects as they come.
struct ConnectReport {
  private let output: Output
  private let isJSON: Bool
  private let total: Int

  /// Progress is shown for this many hosts or more.
  private static let manyHosts = 20

  /// Creates a report about `total` hosts.
  init(_ environment: ClientEnvironment, total: Int) {
    output = environment.output
    isJSON = environment.isJSON
    self.total = total
  }

  /// Prints the outcome of a host.
  func show(_ outcome: ConnectOutcome) {
    if isJSON { output.line(outcome.json) } else { output.line(outcome.text) }
  }

  /// Prints a host whose connect has started and whose outcome is not waited for.
  func showBegun(_ outcome: ConnectOutcome) {
    if isJSON { return output.line(outcome.json) }
    output.line("\(outcome.host): connecting, id \(outcome.connection ?? 0)")
  }

  /// Shows progress, if there are many hosts.
  func progress(_ ledger: ConnectLedger) {
    guard total >= Self.manyHosts else { return }
    output.progress(
      "\(total - ledger.pendingCount) of \(total): \(ledger.openCount) connected, \(ledger.failedCount) failed"
    )
  }

  /// Prints the totals for people, if there is more than one host.
  func summarise(_ ledger: ConnectLedger) {
    guard total > 1, !isJSON else { return output.clearProgress() }
    let pending = ledger.pendingCount > 0 ? ", \(ledger.pendingCount) still pending" : ""
    output.note("\(ledger.openCount) of \(total) connected, \(ledger.failedCount) failed\(pending)")
  }
}
