import Bytes
import Glibc
import LogProtocol

/// The tail of an archive that is no whole record. It was cut off and saved in a file of its own.
public struct CutTail: Equatable, Sendable, CustomStringConvertible {
  /// The content of a tail.
  public enum Kind: Equatable, Sendable {
    /// The start of a record, because the writer was killed.
    case tornRecord
    /// Zeros up to the end of the file, as some file systems leave them after a power failure.
    case zeros
    /// Bytes after the place where somebody shortened the file.
    case disconnected
  }

  /// The content of the tail.
  public let kind: Kind
  /// Size in bytes.
  public let count: UInt64
  /// Path of the file that the tail was saved to: the archive's path, `.torn-` and the Unix time.
  public let savedPath: String

  /// A sentence about the archive, to follow the archive's name.
  public var description: String {
    let what =
      switch kind {
      case .tornRecord: "a torn record"
      case .zeros: "zeros"
      case .disconnected: "bytes after the place where it was shortened"
      }
    return "ended with \(what): \(count) bytes were cut off and saved as \(savedPath)"
  }

  /// Separates the archive's name from the Unix time in the name of a saved tail.
  static let infix = ".torn-"
}

extension SegmentFile {
  /// Reads all records from the start. Saves the bytes after the last whole record and cuts them off.
  ///
  /// - Parameters:
  ///   - time: ns since the Unix epoch, for the name of the saved tail.
  ///   - format: the layout of the records.
  ///   - body: receives each record's header and body; in coinscope's format nil and the whole record.
  /// - Returns: the tail that was cut off; nil if the file ends with a whole record.
  /// - Throws: if the file holds something other than a log, or if the tail cannot be saved. The file is then
  ///   unchanged.
  func readBack(
    at time: UInt64,
    _ format: ArchiveFormat = .native,
    _ body: (RecordHeader?, UnsafeRawBufferPointer) -> Void
  ) throws(ArchiveError) -> CutTail? {
    let end: UInt64
    let kind: CutTail.Kind
    do throws(ArchiveError) {
      let whole: UInt64
      if format == .coinscope {
        whole = try readCoinscope { body(nil, $0) }
      } else {
        let reader = try Self.reader(of: path)
        _ = try Self.read(reader) { body($0, $1) }
        whole = reader.offset
      }
      (end, kind) = (whole, .tornRecord)
    } catch {
      // No record has the length zero, so trailing zeros are no log data.
      guard case .notALog(_, let offset, _) = error, isZero(from: offset) else { throw error }
      (end, kind) = (offset, .zeros)
    }
    return end < size ? try cut(from: end, kind, at: time) : nil
  }

  func cut(
    from end: UInt64,
    _ kind: CutTail.Kind,
    at time: UInt64
  ) throws(ArchiveError) -> CutTail {
    do throws(IOError) {
      let cut = CutTail(kind: kind, count: size - end, savedPath: try save(from: end, at: time))
      try truncate(to: end)
      return cut
    } catch {
      throw .system(error)
    }
  }

  /// Reads all whole coinscope records; returns the offset at which they end.
  func readCoinscope(_ body: (UnsafeRawBufferPointer) -> Void) throws(ArchiveError) -> UInt64 {
    var rest: [UInt8] = []
    var offset: UInt64 = 0
    var failure: ArchiveError?
    let isRead = forEachPiece(from: 0) { bytes, _ in
      rest += bytes
      let count = rest.withUnsafeBytes { pieces in
        var start = 0
        do throws(WireError) {
          while case .record(let count) = try ArchiveFormat.coinscope.first(
            in: UnsafeRawBufferPointer(rebasing: pieces[start...])
          ) {
            body(UnsafeRawBufferPointer(rebasing: pieces[start..<start + count]))
            start += count
          }
        } catch {
          failure = .notALog(path: path, offset: offset + UInt64(start), reason: "\(error)")
        }
        return start
      }
      rest.removeFirst(count)
      offset += UInt64(count)
      return failure == nil
    }
    if let failure { throw failure }
    guard isRead else { throw .system(IOError("read \(path)")) }
    return offset
  }

  /// Whether the file has only zeros, at least one, from an offset to the end.
  private func isZero(from start: UInt64) -> Bool {
    start < size && forEachPiece(from: start) { bytes, _ in Self.isZero(bytes) }
  }

  /// Copies the bytes from an offset on to a new file next to this one, and waits until that file is flushed
  /// to disk.
  private func save(from start: UInt64, at time: UInt64) throws(IOError) -> String {
    let name = path + CutTail.infix + String(time / 1_000_000_000)
    var copy = name
    var descriptor = Self.create(copy)
    var number = 1
    while descriptor < 0, errno == EEXIST {
      copy = "\(name).\(number)"
      number += 1
      descriptor = Self.create(copy)
    }
    let attempt = "save the tail of \(path) as \(copy)"
    guard descriptor >= 0 else { throw IOError(attempt) }
    defer { close(descriptor) }
    let isCopied = forEachPiece(from: start) { bytes, offset in
      // Zeros become a hole: a file may have many blocks that were allocated and never written.
      Self.isZero(bytes)
        || pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(offset - start)) == bytes.count
    }
    guard isCopied, ftruncate(descriptor, off_t(size - start)) == 0, fsync(descriptor) == 0 else {
      let error = IOError(attempt)
      unlink(copy)
      throw error
    }
    return copy
  }

  private static func create(_ path: String) -> Int32 {
    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
  }

  private static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool { bytes.allSatisfy { $0 == 0 } }
}
