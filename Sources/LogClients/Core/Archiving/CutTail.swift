import Bytes
import Glibc
import LogProtocol

/// The end of an archive that is no whole record, and was taken out of it and saved beside it.
public struct CutTail: Equatable, Sendable, CustomStringConvertible {
  /// What it is.
  public enum Kind: Equatable, Sendable {
    /// The beginning of a record: its writer was killed.
    case tornRecord
    /// Zeros to the end of the file, as a file system leaves them where the power went out.
    case zeros
    /// What follows the place where somebody shortened the file.
    case disconnected
  }

  /// What it is.
  public let kind: Kind
  /// How many bytes.
  public let count: UInt64
  /// The file that has them now: the archive's name, `.torn-` and the Unix time.
  public let savedPath: String

  /// A sentence about the archive, without its name.
  public var description: String {
    let what =
      switch kind {
      case .tornRecord: "a torn record"
      case .zeros: "zeros"
      case .disconnected: "what follows the place where it was shortened"
      }
    return "ended with \(what): \(count) bytes were cut off and saved as \(savedPath)"
  }

  /// What stands between an archive's name and the time in the names of such files.
  static let infix = ".torn-"
}

extension SegmentFile {
  /// Reads all records from the start; what stands behind the last whole one is saved and cut off.
  ///
  /// - Parameters:
  ///   - time: ns since the Unix epoch, for the name of what is cut off.
  ///   - format: how its records are laid out.
  ///   - body: gets each record's body, behind its header; in coinscope's format the whole record, and no header.
  /// - Returns: what was cut off; nil where the file ends with a whole record.
  /// - Throws: where the file holds something else than a log, or what has to be cut off cannot be saved; the
  ///   file is as it was.
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
      // No record's length is zero, so zeros are no log from where they begin.
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

  /// Reads all whole coinscope records; returns where they end.
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

  /// Whether there is nothing but zeros, one at least, from an offset to the end.
  private func isZero(from start: UInt64) -> Bool {
    start < size && forEachPiece(from: start) { bytes, _ in Self.isZero(bytes) }
  }

  /// Copies what stands from an offset on to a new file beside this one, and waits until the disk has it.
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
    let attempt = "save what \(path) ends with as \(copy)"
    guard descriptor >= 0 else { throw IOError(attempt) }
    defer { close(descriptor) }
    let isCopied = forEachPiece(from: start) { bytes, offset in
      // Zeros become a hole: a file whose blocks were allocated and never written may have many.
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
