import Bytes
import Glibc
import LogProtocol
import Observations

/// Whether the file being written is still there and complete, in spite of other programs.
enum SegmentPresence: Equatable {
  /// It is under its name and complete.
  case whole
  /// It is complete, but under another name: a program that rotates has not sent its signal yet, or never
  /// does.
  case moved
  /// It has no name any more, and vanishes when it is closed.
  case deleted
  /// It has this number of bytes less than were written.
  case shortened(by: UInt64)

  /// A predicate that follows the file's name.
  var text: String {
    switch self {
    case .whole: "is there"
    case .moved: "was renamed"
    case .deleted: "was deleted while it was being written"
    case .shortened(let count): "was shortened by \(count) bytes while it was being written"
    }
  }
}

extension SegmentFile {
  /// Checks that the file is still complete and under its name. Costs two system calls, some microseconds.
  var presence: SegmentPresence {
    var opened = stat()
    guard fstat(descriptor, &opened) == 0, opened.st_mode & S_IFMT == S_IFREG else { return .whole }
    let count = UInt64(max(0, opened.st_size))
    if opened.st_nlink == 0 { return .deleted }
    if count < size { return .shortened(by: size - count) }
    var named = stat()
    let isNamed = stat(path, &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
    return isNamed ? .whole : .moved
  }

  /// Cuts off the bytes after the place where a file was shortened, and saves them next to it: a torn record,
  /// or records that were appended later, after missing ones.
  ///
  /// The place itself cannot be seen, because appended bytes may complete a record that was cut. But the file
  /// cannot have grown since then by more than was written since it was last seen to be complete.
  ///
  /// If it throws, it may be called again.
  ///
  /// - Parameter time: ns since the Unix epoch, for the name.
  /// - Returns: the tail that was cut off; nil if nothing follows.
  /// - Throws: if the file cannot be read, or the tail cannot be saved; the file is then as it was.
  func salvage(at time: UInt64, _ format: ArchiveFormat) throws(ArchiveError) -> CutTail? {
    let appended = size - checkedSize
    do throws(IOError) { try takeSize() } catch { throw .system(error) }
    // Kept for the next try, because `size` now includes the appended bytes.
    checkedSize = size - min(size, appended)
    let end =
      format == .native ? try connectedCount(until: checkedSize) : try coinscopeCount(until: checkedSize)
    return end < size ? try cut(from: end, .disconnected, at: time) : nil
  }

  /// Bytes up to which records are whole and no source has a gap; at most `limit`.
  private func connectedCount(until limit: UInt64) throws(ArchiveError) -> UInt64 {
    guard limit >= StreamPreamble.size else { return 0 }
    let reader: ArchiveFile
    do throws(ArchiveError) {
      reader = try Self.reader(of: "/proc/self/fd/\(descriptor)")
    } catch {
      guard case .notALog = error else { throw error }
      return 0
    }
    var ledger = SequenceLedger()
    var end: UInt64?
    do {
      _ = try reader.forEachRecord { header, body, offset in
        guard offset + UInt64(header.recordCount) <= limit else {
          end = offset
          return false
        }
        let meta = header.type == .meta ? try? MetaBody(body.bytes) : nil
        switch meta {
        case .sourceJoined(let source, let description)?:
          ledger.join(source, instance: description.instance)
        case .rotation(let mark)?: ledger.resume(mark)
        case .gap(let gap)?:
          ledger.account(for: gap.source == 0 ? header.source : gap.source, upTo: gap.sequences.upperBound)
        case .sourceLeft?, .openConnection?, .clock?, nil: break
        }
        guard case .after = ledger.note(source: header.source, sequence: header.sequence) else { return true }
        end = offset
        return false
      }
    } catch let error as IOError {
      throw .system(error)
    } catch {
      // The bytes after the last record are no record.
    }
    return end ?? reader.offset
  }

  /// Bytes up to which records in coinscope's format are whole; at most `limit`.
  private func coinscopeCount(until limit: UInt64) throws(ArchiveError) -> UInt64 {
    var end: UInt64 = 0
    var position: UInt64 = 0
    do throws(ArchiveError) {
      _ = try readCoinscope {
        position += UInt64($0.count)
        if position <= limit { end = position }
      }
    } catch {
      guard case .notALog = error else { throw error }
    }
    return end
  }
}
