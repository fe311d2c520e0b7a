import Bytes
import LogProtocol

/// Gives the records of several files in the order of time.
///
/// The order within a file is kept as it is, also where its times run backwards, as they may between
/// connections; of records of the same time that of the file named first comes first. Memory is bounded by a
/// buffer and a record for each file.
public final class LogMerger {
  /// The files.
  public let files: [LogFile]

  /// The damage that stands before the records looked at so far, for `damage` handlers.
  private var heads: [LogRecord?]
  private let damage: (LogDamage) -> Void

  /// The place in `files` of the file that the last record is from.
  public private(set) var current: Int?

  /// Begins with the first record of each file.
  ///
  /// - Parameter damage: gets whatever is no record, as it is found.
  public init(_ files: [LogFile], damage: @escaping (LogDamage) -> Void) throws(IOError) {
    self.files = files
    self.damage = damage
    heads = Array(repeating: nil, count: files.count)
    for index in files.indices { try advance(index) }
  }

  /// The next record; nil at the end of all files. The one before is no longer valid.
  public func next() throws(IOError) -> LogRecord? {
    if let current { try advance(current) }
    current = nil
    var earliest: UInt64 = .max
    for (index, head) in heads.enumerated() {
      guard let head, current == nil || head.header.time < earliest else { continue }
      current = index
      earliest = head.header.time
    }
    return current.flatMap { heads[$0] }
  }

  private func advance(_ index: Int) throws(IOError) {
    heads[index] = nil
    while let piece = try files[index].next() {
      switch piece {
      case .damage(let found): damage(found)
      case .record(let record):
        heads[index] = record
        return
      }
    }
  }
}
