import BitcoinWire
import Bytes
import EventLoop
import Glibc
import LogProtocol
import Observations

/// What the log server knows of one instance of a source, connected or not.
final class KnownSource {
  let description: SourceDescription
  /// The digest of the secret that it has proven its instance by; nil where it need not.
  let proof: Bytes32?
  var id: UInt32
  /// The last sequence forwarded; those after it are new.
  var lastSequence: UInt64 = 0
  /// The sequence up to which the source was told that its records are safe.
  var acknowledged: UInt64 = 0
  /// The connection, while there is one.
  weak var link: SourceLink?
  /// When the connection was lost, on the monotonic clock in ns.
  var leftAt: UInt64 = 0
  /// How it left; nil while it is here.
  var departure: (saidGoodbye: Bool, reason: String)?

  /// Whether it may come back: it has left without goodbye, and can prove that it is the same.
  var mayReturn: Bool { departure?.saidGoodbye != true && proof != nil }

  init(_ description: SourceDescription, id: UInt32, proof: Bytes32? = nil) {
    self.description = description
    self.proof = proof
    self.id = id
  }
}

/// Grants ids to sources and remembers instances, so that one that comes back goes on where it was.
///
/// Ids look like Unix seconds, as coinscope's do. The highest one granted is kept in a file, so that no id is
/// granted twice even when the server is restarted.
struct SourceRegistry {
  private(set) var sources: [UInt64: KnownSource] = [:]
  private var highestID: UInt32
  private let file: String

  /// How many instances that are gone are remembered.
  private static let departedLimit = 1024

  init(file: String) {
    self.file = file
    highestID = Self.read(file)
  }

  /// The source of that instance, known or new, with its id: the one it had where nobody else has that.
  ///
  /// - Returns: also a source that is gone and was forgotten for it.
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

  /// The instance that has an id, connected or not.
  func instance(of id: UInt32) -> UInt64? { sources.first { $0.value.id == id }?.key }

  private func nextID() -> UInt32 { max(Self.now, highestID &+ 1) }

  /// Whether an id can have been granted by a log server: none is far in the future. Were one believed that is,
  /// the ids that can still be granted could run out.
  private func isPlausible(_ id: UInt32) -> Bool {
    id != 0 && id <= max(Self.now.addingReportingOverflow(Self.tolerance).partialValue, highestID)
  }

  private static var now: UInt32 { UInt32(clamping: Clock.now() / 1_000_000_000) }

  /// Seconds by which ids may run ahead of the clock: many granted within one second, or a clock set back.
  private static let tolerance: UInt32 = 3600

  /// Seconds by which our own file may be ahead, where sources came faster than one a second for long: so many that
  /// as many ids are left.
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
    // What is not a number of a time that has been is no id of ours.
    let id = UInt32(clamping: strtoul(line, nil, 10))
    return id <= now.addingReportingOverflow(fileTolerance).partialValue ? id : 0
  }

  /// Replaces the file; a failure is left to show when the server starts in the same second again.
  private func write() {
    let text = Array("\(highestID)\n".utf8)
    let descriptor = open(file + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { return }
    let isWritten = Glibc.write(descriptor, text, text.count) == text.count
    close(descriptor)
    if isWritten { rename(file + ".new", file) }
  }
}
