import EventLoop

/// A connection that may have sent a record in part.
protocol UnfinishedSender: AnyObject {
  /// Bytes of memory that the beginning of a record takes.
  var unfinishedCount: Int { get }

  /// When the last record became whole, or the connection was made; on the monotonic clock in ns.
  var wholeAt: UInt64 { get }

  /// Refuses, says why, and closes.
  func refuse(_ reason: String)
}

/// Bounds what beginnings of records take, of all connections together: each may announce a record of 16 MiB and not send
/// its end. The one that has been at it longest goes first; who sends whole records is never long at it.
extension LogServer {
  /// Bytes taken between two looks.
  private static let unfinishedDistance = 2 << 20

  /// Beginnings of less are not worth a refusal.
  private static let smallCount = 16 << 10

  /// Bytes have come at one of the connections.
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
        "half a record for \((Clock.monotonic() - sender.wholeAt) / 1_000_000) ms, and such take more than "
          + "\(unfinishedLimit) bytes (logger.max_unfinished)"
      )
    }
  }
}
