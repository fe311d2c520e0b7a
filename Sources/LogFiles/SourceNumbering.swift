import Bytes
import EventLoop
import LogProtocol
import Observations

/// Makes sure that an id stands for a single source when files of several log servers are read together.
///
/// Log servers do not know of each other, so two may grant the same id. Of two instances with one id, the one
/// named first keeps it. The other gets a new id, in its records and in META records about it. A source that
/// no record names has the instance of its id.
public final class SourceNumbering {
  /// An instance that got a new id.
  public struct Change: Equatable, Sendable, CustomStringConvertible {
    /// The id that its log server granted.
    public let source: UInt32
    /// The instance.
    public let instance: UInt64
    /// The new id.
    public let number: UInt32

    /// A sentence about the change.
    public var description: String {
      """
      source \(source), instance \(Hexadecimal.text(instance)), is now \(number): another log server \
      granted its id
      """
    }
  }

  private let changed: (Change) -> Void
  /// The instance that an id stands for.
  private var instances: [UInt32: UInt64] = [:]
  /// For each input, the ids that were replaced.
  private var numbers: [[UInt32: UInt32]] = []
  private var told: Set<UInt32> = []
  /// The last record that was changed.
  private var chunk = Chunk(capacity: 4096)

  /// Creates an empty numbering.
  ///
  /// - Parameter changed: called once for each instance that gets a new id.
  public init(_ changed: @escaping (Change) -> Void) { self.changed = changed }

  /// Restores the id of an instance.
  public func restore(_ instance: UInt64, as number: UInt32) { instances[number] = instance }

  /// Returns the record with its final id; valid until the next call.
  ///
  /// - Parameter input: the number of the file or stream that it is from, from 0.
  public func renumber(_ record: LogRecord, of input: Int) -> LogRecord {
    while numbers.count <= input { numbers.append([:]) }
    let header = record.header
    var meta: MetaBody?
    if header.type == .meta {
      meta = try? MetaBody(record.body.bytes)
      learn(meta, input)
    }
    guard !numbers[input].isEmpty else { return record }
    let changed = meta.map { renumber($0, input) }
    let isChanged = changed != meta
    guard isChanged || numbers[input][header.source] != nil else { return record }
    var copy = header
    copy.source = number(header.source, input)
    return record.with(copy, body: isChanged ? changed?.body : nil, in: &chunk)
  }

  /// Learns the instances of ids.
  private func learn(_ meta: MetaBody?, _ input: Int) {
    switch meta {
    case .sourceJoined(let source, let description): learn(description.instance, source, input)
    case .rotation(let mark):
      for position in mark.positions { learn(position.instance, position.source, input) }
    default: break
    }
  }

  private func learn(_ instance: UInt64, _ source: UInt32, _ input: Int) {
    var number = source
    // Ids look like Unix seconds, so an id with the first bit flipped is free for a long time.
    if let owner = instances[source], owner != instance { number ^= 1 << 31 }
    while let owner = instances[number], owner != instance { number &+= 1 }
    instances[number] = instance
    numbers[input][source] = number == source ? nil : number
    if number != source, told.insert(number).inserted {
      changed(Change(source: source, instance: instance, number: number))
    }
  }

  private func number(_ source: UInt32, _ input: Int) -> UInt32 { numbers[input][source] ?? source }

  private func renumber(_ meta: MetaBody, _ input: Int) -> MetaBody {
    switch meta {
    case .sourceJoined(let source, let description):
      return .sourceJoined(source: number(source, input), description)
    case .sourceLeft(let source, let saidGoodbye, let lastSequence, let reason):
      return .sourceLeft(
        source: number(source, input),
        saidGoodbye: saidGoodbye,
        lastSequence: lastSequence,
        reason: reason
      )
    case .gap(var gap):
      gap.source = number(gap.source, input)
      return .gap(gap)
    case .rotation(var mark):
      for index in mark.positions.indices {
        mark.positions[index].source = number(mark.positions[index].source, input)
      }
      return .rotation(mark)
    case .openConnection, .clock: return meta
    }
  }
}
