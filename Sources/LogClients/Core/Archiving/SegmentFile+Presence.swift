import Bytes
import Glibc
import LogProtocol
import Observations

/// What became of the file that is being written, through no act of ours.
enum SegmentPresence: Equatable {
  /// It is there, under its name, with all that was written.
  case whole
  /// It is somewhere else, with all that was written: who rotates by renaming has not said so yet, or never does.
  case moved
  /// It has no name any more: it is gone when it is closed.
  case deleted
  /// It is shorter than what was written, by that many bytes.
  case shortened(by: UInt64)

  /// What happened, after the file's name.
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
  /// Looks whether the file is still what was written, under its name. Two system calls, some microseconds.
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

  /// Takes out of a shortened file what follows the place where it was cut, and saves it beside it: a torn record, or
  /// records that were appended to what was left, after others that are missing.
  ///
  /// Where it was cut does not show: what was appended may complete a record that was cut. But whenever that happened, the
  /// file has grown since by no more than was written since it was seen to be whole.
  ///
  /// If it throws, it may be tried again.
  ///
  /// - Parameter time: ns since the Unix epoch, for the name.
  /// - Returns: the tail that was cut off; nil if nothing follows.
  /// - Throws: if the file cannot be read, or the tail cannot be saved; the file is then as it was.
  func salvage(at time: UInt64, _ format: ArchiveFormat) throws(ArchiveError) -> CutTail? {
    let appended = size - checkedSize
    do throws(IOError) { try takeSize() } catch { throw .system(error) }
    // Kept for the next try: `size` now counts what was appended.
    checkedSize = size - min(size, appended)
    let end =
      format == .native ? try connectedCount(until: checkedSize) : try coinscopeCount(until: checkedSize)
    return end < size ? try cut(from: end, .disconnected, at: time) : nil
  }

  /// Bytes up to where records are whole, none is missing before another one of its source, and the limit is not exceeded.
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
      // What is no record follows the last one.
    }
    return end ?? reader.offset
  }

  /// Bytes up to where records in coinscope's format are whole, and the limit is not exceeded.
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
