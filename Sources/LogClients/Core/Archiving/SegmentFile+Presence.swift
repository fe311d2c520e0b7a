import Bytes
import Glibc
import LogProtocol

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
  /// - Parameter time: ns since the Unix epoch, for the name.
  /// - Returns: what was cut off; nil if nothing follows.
  func salvage(at time: UInt64, _ format: ArchiveFormat) throws(ArchiveError) -> CutTail? {
    let isWrittenTo = size > checkedSize
    do throws(IOError) { try takeSize() } catch { throw .system(error) }
    let end: UInt64
    if format == .native {
      end = try connectedCount(isWrittenTo: isWrittenTo)
    } else {
      do throws(ArchiveError) {
        end = try readCoinscope { _ in }
      } catch {
        guard case .notALog(_, let offset, _) = error else { throw error }
        end = offset
      }
    }
    return end < size ? try cut(from: end, .disconnected, at: time) : nil
  }

  /// Bytes up to where records are whole, and none is missing before another one of its source.
  ///
  /// - Parameter isWrittenTo: whether something was written since the file was seen to be whole: then a record that was
  ///   cut may have been completed by the beginning of another one, and only what follows shows that.
  private func connectedCount(isWrittenTo: Bool) throws(ArchiveError) -> UInt64 {
    let reader: ArchiveFile
    do throws(ArchiveError) {
      reader = try Self.reader(of: "/proc/self/fd/\(descriptor)")
    } catch {
      guard case .notALog = error else { throw error }
      return 0
    }
    var ledger = SequenceLedger()
    var end: UInt64?
    var last: UInt64 = 0
    do {
      let ending = try reader.forEachRecord { header, body, offset in
        defer { last = offset }
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
      if ending != .whole, isWrittenTo { return last }
    } catch let error as IOError {
      throw .system(error)
    } catch {
      return isWrittenTo ? last : reader.offset
    }
    return end ?? reader.offset
  }
}
