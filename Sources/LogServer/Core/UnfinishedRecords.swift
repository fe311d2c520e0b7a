import EventLoop

/// A connection that may have sent part of a record.
protocol UnfinishedSender: AnyObject {
  /// Bytes of memory that the beginning of a record uses.
  var unfinishedCount: Int { get }

  /// When the last record became whole or the connection was made, on the monotonic clock in ns.
  var wholeAt: UInt64 { get }

  /// Sends the reason and closes.
  func refuse(_ reason: String)
}

/// Bounds the memory of incomplete records, over all connections: each may announce a record of 16 MiB and
/// never finish it. The connection whose record has been incomplete for longest is closed first. A sender of
/// whole records never stays incomplete for long.
extension LogServer {
  /// Bytes received between two checks.
  private static let unfinishedDistance = 2 << 20

  /// Shorter incomplete records are not worth a refusal; in bytes.
  private static let smallCount = 16 << 10

  /// Counts received bytes, and checks the bound from time to time.
  func noteTaken(_ count: Int) {
    takenSinceLook += count
    if takenSinceLook >= min(Self.unfinishedDistance, unfinishedLimit / 8) { boundUnfinished() }
  }

  private func boundUnfinished() {
    takenSinceLook = 0
    let senders: [any UnfinishedSender] = sourceLinks + coinscopeSources + readers
    var total = senders.reduce(0) { $0 + $1.unfinishedCount }
    guard total > unfinishedLimit else { return }
    for sender in senders.filter({ $0.unfinishedCount >= Self.smallCount }).sorted(by: {
      $0.wholeAt < $1.wholeAt
    }) {
      guard total > unfinishedLimit else { return }
      total -= sender.unfinishedCount
      sender.refuse(
        "incomplete record for \((Clock.monotonic() - sender.wholeAt) / 1_000_000) ms; incomplete records "
          + "take more than \(unfinishedLimit) bytes (logger.max_unfinished)"
      )
    }
  }
}
