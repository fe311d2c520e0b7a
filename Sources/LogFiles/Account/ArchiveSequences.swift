import Bytes
import LogProtocol
import Observations

/// The account of every sequence number of every source in log files, read in the order in which they were
/// begun (docs/log-format.md, "How an archive is accounted for").
///
/// Memory grows with sources, holes and gap records, not with records.
public struct ArchiveSequences: Sendable {
  /// The status of a record, given all records before it.
  public enum Verdict: Equatable, Sendable {
    /// The record has no number.
    case unnumbered
    /// The number appears for the first time.
    case new
    /// The number appears for the first time, but after a record of its source with this higher number.
    case late(after: UInt64)
    /// The number appeared before, or belongs to earlier segments.
    case duplicate
  }

  /// The sources, in the order in which they were first seen.
  public private(set) var sources: [SourceSequences] = []

  private var ids: [UInt32: Int] = [:]
  /// The last entry looked up in `ids`: adjacent records are mostly of the same source.
  private var latest: (source: UInt32, index: Int)?
  private var instances: [UInt64: Int] = [:]

  /// Creates an empty account.
  public init() {}

  /// Accounts for a record.
  ///
  /// - Parameters:
  ///   - meta: the body of a META record; nil for any other, or if it cannot be decoded.
  ///   - place: the record's place in the files.
  public mutating func note(_ header: RecordHeader, _ meta: MetaBody?, at place: LogPlace) -> Verdict {
    var verdict = Verdict.unnumbered
    if header.sequence > 0 {
      verdict = sources[index(of: header.source)].note(
        header.sequence,
        byteCount: header.recordCount,
        at: place
      )
    }
    // The original of a duplicate was evaluated already.
    if let meta, verdict != .duplicate { note(meta, header, place) }
    return verdict
  }

  private mutating func note(_ meta: MetaBody, _ header: RecordHeader, _ place: LogPlace) {
    switch meta {
    case .sourceJoined(let source, let description):
      let index = name(source, description.instance)
      sources[index].description = description
    case .gap(let gap):
      sources[index(of: gap.source == 0 ? header.source : gap.source)].note(gap, at: place)
    case .rotation(let mark):
      // A mark that names no known source is the first of its archive.
      let isFirst = !mark.positions.contains {
        instances[$0.instance] != nil || ids[$0.source].map { sources[$0].instance == nil } ?? false
      }
      for position in mark.positions {
        let index = name(position.source, position.instance)
        if isFirst {
          sources[index].begin(after: position.sequence)
        } else {
          sources[index].claim(upTo: position.sequence, at: place)
        }
      }
    case .sourceLeft(let source, let saidGoodbye, let last, _):
      // A source without records had nothing to archive.
      guard let index = ids[source] else { return }
      sources[index].leave(after: last, saidGoodbye: saidGoodbye, at: place)
    case .openConnection, .clock: break
    }
  }

  /// The index in `sources` of the source that has an id.
  private mutating func index(of source: UInt32) -> Int {
    if let latest, latest.source == source { return latest.index }
    let index = ids[source] ?? sources.count
    if index == sources.count {
      ids[source] = index
      sources.append(SourceSequences(id: source, instance: nil))
    }
    latest = (source, index)
    return index
  }

  /// Assigns an id to an instance; returns its index in `sources`.
  private mutating func name(_ source: UInt32, _ instance: UInt64) -> Int {
    let index: Int
    if let known = instances[instance] {
      index = known
    } else if let nameless = ids[source], sources[nameless].instance == nil {
      // Its records came before the record that names its instance.
      index = nameless
      sources[index].instance = instance
    } else {
      index = sources.count
      sources.append(SourceSequences(id: source, instance: instance))
    }
    instances[instance] = index
    ids[source] = index
    latest = (source, index)
    sources[index].id = source
    return index
  }

  /// The number of lost sequence numbers: missing, and not from before the archive began; 2^64 - 1 means at
  /// least that.
  public var lostCount: UInt64 {
    sources.reduce(0) { sum, source in
      source.missing.reduce(sum) { $1.isBeforeArchive ? $0 : $0.saturating(adding: $1.count) }
    }
  }
}
