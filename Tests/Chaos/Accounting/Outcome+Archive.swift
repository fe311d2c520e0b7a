import Foundation
import LogProtocol

/// A load source that was started, and its end.
struct LoadRun {
  /// Its random number.
  let instance: UInt64
  /// The numbers that it wrote down.
  let ledger: LoadLedger
  /// Whether its limit is so small that it will be exceeded.
  var isTight = false
  /// Whether it was killed.
  var wasKilled = false
}

extension Outcome {
  /// Accounts for every record that load sources published, and for every other source's sequence numbers.
  ///
  /// - Parameter gapsAllowed: whether the limits of all sources were exceeded on purpose.
  mutating func settle(_ runs: [LoadRun], _ account: ArchiveAccount, gapsAllowed: Bool = false) {
    var total = Totals()
    for run in runs { settle(run, account, gapsAllowed || run.isTight, &total) }
    let loads = Set(runs.map(\.instance))
    for (id, instance) in account.instances where !loads.contains(id) {
      total.others += instance.archived
      settleNumbers(instance, "\(instance.kind) \(id)", &total)
      promise(
        instance.gappedCount == 0,
        "\(instance.kind) \(id): \(instance.gappedCount) records are in gap records, but no limit was exceeded"
      )
      promise(!instance.left.isEmpty, "\(instance.kind) \(id) left, but no record says so")
    }
    for damage in account.damages { promise(false, damage) }
    count("handed_over", total.published, "records published")
    count("archived_once", total.archived, "archived exactly once")
    count("in_gaps", total.gapped, "in gap records")
    count("taken", total.taken, "lost with killed sources")
    count("left_without_goodbye", total.killed, "killed sources without goodbye")
    count("others", total.others, "of other sources")
    count("duplicates", total.duplicates, "duplicates")
    count("missing", total.unexplained, "missing without a gap record")
    count("torn", UInt64(account.damages.count), "damages")
    count("torn_tails", UInt64(account.tornTails), "torn tails cut off at the next start and sent again")
    count("segments", UInt64(account.segmentCount), "segments")
    measure("archive_bytes", Double(account.byteCount) / 1e6, "MB archived:")
  }

  private struct Totals {
    var published: UInt64 = 0
    var archived: UInt64 = 0
    var gapped: UInt64 = 0
    var taken: UInt64 = 0
    var killed: UInt64 = 0
    var others: UInt64 = 0
    var duplicates: UInt64 = 0
    var unexplained: UInt64 = 0
  }

  private mutating func settle(
    _ run: LoadRun,
    _ account: ArchiveAccount,
    _ mayGap: Bool,
    _ total: inout Totals
  ) {
    let ledger = run.ledger
    let name = "load source \(run.instance)"
    let instance = account.instances[run.instance] ?? ArchiveAccount.Instance(kind: "load")
    let gapRecords = instance.archived - instance.loadCount - instance.wrong
    total.published += ledger.published
    total.archived += instance.loadCount
    total.gapped += instance.gappedCount
    settleNumbers(instance, name, &total)
    promise(instance.wrong == 0, "\(name): \(instance.wrong) records have the wrong content")
    promise(
      instance.last <= ledger.lastSequence,
      "\(name) published \(ledger.lastSequence) records, but the archive accounts for \(instance.last)"
    )
    promise(
      instance.last >= ledger.acknowledged,
      "\(name): \(ledger.acknowledged) records were acknowledged, but the archive accounts for \(instance.last)"
    )
    promise(
      mayGap || instance.gappedCount == 0,
      "\(name): \(instance.gappedCount) records are in gap records, but no limit was exceeded: \(instance.gapped)"
    )
    guard run.wasKilled else {
      promise(ledger.isSettled, "\(name) ended with records that were not acknowledged")
      promise(
        instance.archived + instance.gappedCount == ledger.lastSequence
          && instance.last == ledger.lastSequence,
        "\(name) published \(ledger.lastSequence) records, but \(instance.archived) are archived and "
          + "\(instance.gappedCount) in gap records"
      )
      promise(
        gapRecords + ledger.published <= ledger.lastSequence,
        "\(name): \(gapRecords) records are neither load records nor the source's gap records"
      )
      promise(
        instance.left.last?.saidGoodbye == true && instance.left.last?.last == ledger.lastSequence,
        "\(name) said goodbye after \(ledger.lastSequence), but no record says so: \(instance.left)"
      )
      return
    }
    total.taken += ledger.lastSequence - min(instance.last, ledger.lastSequence)
    // The log server never heard of a source without an id, so there is no record of its end.
    guard ledger.source != 0 else { return }
    total.killed += 1
    guard let left = instance.left.last else {
      return promise(
        false,
        "\(name) was killed after \(ledger.lastSequence) and is archived up to \(instance.last), but no record says "
          + "that it left"
      )
    }
    promise(!left.saidGoodbye, "\(name) was killed, but a record says that it said goodbye")
    promise(
      left.last >= instance.last && left.last <= ledger.lastSequence,
      "\(name) was killed after \(ledger.lastSequence) and is archived up to \(instance.last), but a record says "
        + "that it left after \(left.last)"
    )
  }

  private mutating func settleNumbers(
    _ instance: ArchiveAccount.Instance,
    _ name: String,
    _ total: inout Totals
  ) {
    total.duplicates += instance.duplicates
    total.unexplained += instance.unexplained
    promise(instance.duplicates == 0, "\(name): \(instance.duplicates) records are duplicates")
    promise(
      instance.unexplained == 0,
      "\(name): \(instance.unexplained) records are missing without a gap record"
    )
  }
}
