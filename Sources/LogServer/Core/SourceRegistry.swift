import BitcoinWire
import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations

/// One instance of a source, connected or not.
final class KnownSource {
  let description: SourceDescription
  /// The digest of the secret that proves its instance; nil for a source in coinscope's format, which has
  /// none.
  let proof: Bytes32?
  var id: UInt32
  /// The last sequence number forwarded; higher ones are new.
  var lastSequence: UInt64 = 0
  /// The last sequence number acknowledged to the source.
  var acknowledged: UInt64 = 0
  /// The connection, while it exists.
  weak var link: SourceLink?
  /// When the connection was lost, on the monotonic clock in ns.
  var leftAt: UInt64 = 0
  /// How it left; nil while it is connected.
  var departure: (saidGoodbye: Bool, reason: String)?

  /// Whether it may return: it did not say goodbye, and has a secret that proves it is the same.
  var mayReturn: Bool { departure?.saidGoodbye != true && proof != nil }

  init(_ description: SourceDescription, id: UInt32, proof: Bytes32? = nil) {
    self.description = description
    self.proof = proof
    self.id = id
  }
}

/// Grants ids to sources and remembers instances, so that a source that returns resumes where it was.
///
/// Ids look like Unix seconds, as coinscope's do. A file keeps the highest id granted, so that no id is
/// granted twice even after a restart.
struct SourceRegistry {
  private(set) var sources: [UInt64: KnownSource] = [:]
  private var highestID: UInt32
  private let file: String

  /// Number of departed instances that are remembered.
  private static let departedLimit = 1024

  init(file: String) {
    self.file = file
    highestID = Self.read(file)
  }

  /// Returns the source of an instance, known or new. A new one gets its former id if no other source has it.
  ///
  /// - Returns: the source, and the departed source that was forgotten to make room, if any.
  mutating func admit(
    _ description: SourceDescription,
    formerID: UInt32,
    proof: Bytes32? = nil
  ) -> (source: KnownSource, forgotten: KnownSource?) {
    if let known = sources[description.instance] { return (known, nil) }
    let forgotten = forgetDeparted()
    let isFree = isPlausible(formerID) && !sources.values.contains { $0.id == formerID }
    let id = isFree ? formerID : nextID()
    if id > highestID {
      highestID = id
      write()
    }
    let source = KnownSource(description, id: id, proof: proof)
    sources[description.instance] = source
    return (source, forgotten)
  }

  /// Returns the instance that has an id, connected or not.
  func instance(of id: UInt32) -> UInt64? { sources.first { $0.value.id == id }?.key }

  private func nextID() -> UInt32 { max(Self.now, highestID &+ 1) }

  /// Whether a log server can have granted an id: none is far in the future. Accepting such an id could use
  /// up the remaining ids.
  private func isPlausible(_ id: UInt32) -> Bool {
    id != 0 && id <= max(Self.now.addingReportingOverflow(Self.tolerance).partialValue, highestID)
  }

  private static var now: UInt32 { UInt32(clamping: Clock.now() / 1_000_000_000) }

  /// Seconds by which ids may be ahead of the clock: many granted within a second, or a clock set back.
  private static let tolerance: UInt32 = 3600

  /// Seconds by which the id in our own file may be ahead of the clock, after sources joined faster than one
  /// a second for long. At least as many ids are left above that.
  private static let fileTolerance: UInt32 = 1 << 30

  private mutating func forgetDeparted() -> KnownSource? {
    let departed = sources.values.filter { $0.departure != nil }
    guard departed.count >= Self.departedLimit, let oldest = departed.min(by: { $0.leftAt < $1.leftAt })
    else { return nil }
    return sources.removeValue(forKey: oldest.description.instance)
  }

  private static func read(_ file: String) -> UInt32 {
    guard let stream = fopen(file, "re") else { return 0 }
    defer { fclose(stream) }
    var line = [CChar](repeating: 0, count: 32)
    guard fgets(&line, Int32(line.count), stream) != nil else { return 0 }
    // Ignore a number that lies too far in the future: it is no id of ours.
    let id = UInt32(clamping: strtoul(line, nil, 10))
    return id <= now.addingReportingOverflow(fileTolerance).partialValue ? id : 0
  }

  /// Replaces the file. A failure is ignored: it matters only if the server restarts before the clock has
  /// passed the highest id.
  private func write() {
    let text = Array("\(highestID)\n".utf8)
    let descriptor = open(file + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { return }
    let isWritten = Glibc.write(descriptor, text, text.count) == text.count
    close(descriptor)
    if isWritten { rename(file + ".new", file) }
  }
}
