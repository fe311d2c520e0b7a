import Bytes
import Commands
import LogFiles
import LogProtocol
import Observations

/// Which records of each source instance were there, however they are interleaved.
///
/// Memory grows with the holes in the sequences, not with the records.
struct SeenSequences {
  /// Which instance an id stands for.
  private var instances: [UInt32: UInt64] = [:]
  /// The sequences seen of an instance.
  private var seen: [UInt64: SequenceSet] = [:]
  /// The first sequence of the first range of an instance that has changed since changes were taken.
  private var changed: [UInt64: UInt64] = [:]

  /// Takes in that a range was seen, after all that were taken in before.
  mutating func restore(_ range: ClosedRange<UInt64>, of instance: UInt64) {
    seen[instance, default: SequenceSet()].append(range)
  }

  /// Takes in which instance an id stands for.
  mutating func restore(_ instance: UInt64, as source: UInt32) { instances[source] = instance }

  /// Takes in what a record tells of instances.
  mutating func learn(_ record: LogRecord) {
    guard record.header.type == .meta,
      case .sourceJoined(let source, let description)? = try? MetaBody(record.body.bytes)
    else { return }
    instances[source] = description.instance
  }

  /// Takes in a record; false where it was there already. One that is not numbered never was.
  mutating func isNew(_ record: LogRecord) -> Bool {
    let header = record.header
    learn(record)
    guard header.sequence > 0 else { return true }
    return insert(header.sequence, instances[header.source] ?? UInt64(header.source))
  }

  /// Calls `body` with each instance whose ranges have changed since the last time: those that begin at `first` or
  /// later are now those given.
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
