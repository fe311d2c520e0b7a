import Bytes
import Commands
import LogFiles
import LogProtocol
import Observations

/// The sequence numbers seen of each source instance, in any order.
///
/// Memory grows with the number of gaps, not with the number of records.
struct SeenSequences {
  /// The instance behind each source id.
  private var instances: [UInt32: UInt64] = [:]
  /// The sequence numbers seen of each instance.
  private var seen: [UInt64: SequenceSet] = [:]
  /// For each changed instance, the start of its first range that has changed since the last `takeChanges`.
  private var changed: [UInt64: UInt64] = [:]

  /// Restores a range of an instance. Ranges have to be restored in order.
  mutating func restore(_ range: ClosedRange<UInt64>, of instance: UInt64) {
    seen[instance, default: SequenceSet()].append(range)
  }

  /// Restores the instance behind a source id.
  mutating func restore(_ instance: UInt64, as source: UInt32) { instances[source] = instance }

  /// Follows a record that may introduce an instance.
  mutating func learn(_ record: StreamRecord) {
    guard case .meta(.sourceJoined(let source, let description)) = record.content else { return }
    instances[source] = description.instance
  }

  /// Adds a record; returns false if it was seen before. A record without a sequence number is always new.
  mutating func isNew(_ record: StreamRecord) -> Bool {
    let header = record.header
    learn(record)
    guard header.sequence > 0 else { return true }
    return insert(header.sequence, instances[header.source] ?? UInt64(header.source))
  }

  /// Calls `body` with each instance whose ranges have changed since the last call. The given ranges replace
  /// all ranges of the instance that begin at `first` or later.
  mutating func takeChanges(
    _ body: (_ instance: UInt64, _ first: UInt64, ArraySlice<ClosedRange<UInt64>>) throws(ClientFailure) ->
      Void
  ) throws(ClientFailure) {
    for (instance, first) in changed {
      try body(instance, first, (seen[instance] ?? SequenceSet()).ranges(from: first))
    }
    changed = [:]
  }

  private mutating func insert(_ sequence: UInt64, _ instance: UInt64) -> Bool {
    guard let first = seen[instance, default: SequenceSet()].insert(sequence) else { return false }
    changed[instance] = min(changed[instance] ?? first, first)
    return true
  }
}
