import Bytes
import Glibc
import LogFiles
import LogProtocol

/// The pieces of files one after another, in the order in which the files were begun.
///
/// If the archive is being written, its last file grows, and is replaced when the archive rotates. Its end is
/// then not final, and the file that replaces it is read next.
final class ArchiveFiles {
  private let format: ArchiveFormat?
  private let isGrowing: Bool
  private let times: Range<UInt64>
  private let seeks: Bool
  private var paths: ArraySlice<String>
  private var file: LogFile?

  /// Prepares to read files.
  ///
  /// - Parameters:
  ///   - times: the wanted times, in ns since the Unix epoch. Parts that an index shows to be outside may be
  ///     skipped.
  ///   - seeks: whether to skip also the earlier part of a file.
  init(_ paths: [String], format: ArchiveFormat?, times: Range<UInt64>, seeks: Bool) {
    self.paths = LogFiles.chronological(paths, format: format)[...]
    self.format = format
    self.times = times
    self.seeks = seeks
    isGrowing = false
  }

  /// Prepares to read an archive that is being written, from its beginning.
  init(growing paths: [String]) {
    self.paths = LogFiles.chronological(paths, format: .native)[...]
    format = .native
    times = 0..<UInt64.max
    seeks = false
    isGrowing = true
  }

  /// Returns the next piece, valid until the next call; nil if there is none now.
  func next() throws(IOError) -> LogPiece? {
    while true {
      if let piece = try file?.next() { return piece }
      if let file, isGrowing, paths.isEmpty {
        // Nothing is appended to a file after it was renamed.
        guard Self.number(of: file.path).map({ $0 != file.number }) ?? false else { return nil }
        if let piece = try file.next() { return piece }
        paths = [file.path]
      }
      guard let path = paths.first else { return nil }
      let file: LogFile
      do throws(IOError) {
        file = try LogFile(path, format: format)
      } catch  where isGrowing && error.code == ENOENT && self.file != nil {
        // The file was renamed just now, and the next one does not exist yet.
        return nil
      }
      paths.removeFirst()
      file.isGrowing = isGrowing && paths.isEmpty
      if times != 0..<UInt64.max { file.limit(to: times, seeks: seeks) }
      self.file = file
    }
  }

  /// The inode of the file with that name; nil if there is none.
  private static func number(of path: String) -> UInt64? {
    var status = stat()
    return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
  }
}
