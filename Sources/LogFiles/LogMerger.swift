import Bytes
import LogProtocol

/// Merges the records of several files by time.
///
/// The order within a file is kept, even if its times run backwards, as they may between connections. Of
/// records with the same time, the one of the file named first comes first. Memory is bounded by a buffer and
/// a record for each file.
public final class LogMerger {
  /// The files to merge.
  public let files: [LogFile]

  /// The next record of each file; nil at its end.
  private var heads: [LogRecord?]
  private let damage: (LogDamage) -> Void

  /// The index in `files` of the last record's file.
  public private(set) var current: Int?

  /// Begins with the first record of each file.
  ///
  /// - Parameter damage: called with bytes that are no record, as they are found.
  public init(_ files: [LogFile], damage: @escaping (LogDamage) -> Void) throws(IOError) {
    self.files = files
    self.damage = damage
    heads = Array(repeating: nil, count: files.count)
    for index in files.indices { try advance(index) }
  }

  /// Returns the next record; nil at the end of all files. The previous record is no longer valid.
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
