import Bytes
import LogProtocol
import Observations

/// The account of every sequence of every source in log files, read in the order in which they were begun
/// (docs/log-format.md, "How an archive is accounted for").
///
/// Memory grows with sources, holes and gap records, not with records.
public struct ArchiveSequences: Sendable {
  /// What a record is, given all before it.
  public enum Verdict: Equatable, Sendable {
    /// It is not numbered.
    case unnumbered
    /// It is there for the first time.
    case new
    /// It is there for the first time, but comes after one of its source with this later sequence.
    case late(after: UInt64)
    /// A record with its sequence is there already, or in earlier segments.
    case duplicate
  }

  /// The sources, in the order in which they were first seen.
  public private(set) var sources: [SourceSequences] = []

  private var ids: [UInt32: Int] = [:]
  /// What was last looked up in `ids`: mostly the same source's records follow each other.
  private var latest: (source: UInt32, index: Int)?
  private var instances: [UInt64: Int] = [:]

  /// Creates an account of nothing.
  public init() {}

  /// Takes in a record.
  ///
  /// - Parameters:
  ///   - meta: the body of a META record; nil for any other, or if it cannot be read.
  ///   - place: where the record stands.
  public mutating func note(_ header: RecordHeader, _ meta: MetaBody?, at place: LogPlace) -> Verdict {
    var verdict = Verdict.unnumbered
    if header.sequence > 0 {
      verdict = sources[index(of: header.source)].note(
        header.sequence,
        byteCount: header.recordCount,
        at: place
      )
    }
    // A copy of a record says what the record has said.
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
      // One that names nobody known is the first of its archive.
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
      // Of whom nothing else is known nothing was to be archived.
      guard let index = ids[source] else { return }
      sources[index].leave(after: last, saidGoodbye: saidGoodbye, at: place)
    case .openConnection, .clock: break
    }
  }

  /// The place in `sources` of the source that an id stands for.
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

  /// Takes in which instance an id stands for; returns its place in `sources`.
  private mutating func name(_ source: UInt32, _ instance: UInt64) -> Int {
    let index: Int
    if let known = instances[instance] {
      index = known
    } else if let nameless = ids[source], sources[nameless].instance == nil {
      // Its records came before anything that says who it is.
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

  /// How many sequences are lost: missing, and not from before the archive began; 2^64 - 1 stands for any larger
  /// number, too.
  public var lostCount: UInt64 {
    sources.reduce(0) { sum, source in
      source.missing.reduce(sum) { $1.isBeforeArchive ? $0 : $0.saturating(adding: $1.count) }
    }
  }
}
