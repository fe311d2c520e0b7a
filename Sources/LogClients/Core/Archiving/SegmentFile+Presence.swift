import Bytes
import Glibc

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

  /// Moves what is left of a shortened file aside, so that nothing is appended to the middle of a record; an empty one
  /// stays.
  ///
  /// - Parameter time: ns since the Unix epoch, for the name.
  /// - Returns: what it is called now; nil if it was left.
  func moveAside(at time: UInt64) throws(IOError) -> String? {
    var opened = stat()
    guard fstat(descriptor, &opened) == 0, opened.st_size > 0 else { return nil }
    let name = path + Self.shortenedInfix + String(time / 1_000_000_000)
    var target = name
    var number = 1
    while access(target, F_OK) == 0 {
      target = "\(name).\(number)"
      number += 1
    }
    guard rename(path, target) == 0 else { throw IOError("rename \(path) to \(target)") }
    return target
  }

  /// What stands between an archive's name and the time in the name of a file that somebody else shortened.
  static let shortenedInfix = ".shortened-"
}
