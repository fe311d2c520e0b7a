import Bytes
import Glibc
import LogFiles
import LogProtocol

/// The pieces of files one after another, in the order in which the files were begun.
///
/// Of an archive that is being written the last file grows, and is replaced when the archive rotates: its end is no end, and
/// what takes its place is read after it.
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
  ///   - times: what is wanted of them, in ns since the Unix epoch; what their indexes say to be outside may be left out.
  ///   - seeks: whether to leave out what is before within a file, too.
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

  /// The next piece; nil if there is none now. Valid until the next call.
  func next() throws(IOError) -> LogPiece? {
    while true {
      if let piece = try file?.next() { return piece }
      if let file, isGrowing, paths.isEmpty {
        // A file that was renamed gets nothing more.
        guard Self.number(of: file.path).map({ $0 != file.number }) ?? false else { return nil }
        if let piece = try file.next() { return piece }
        paths = [file.path]
      }
      guard let path = paths.first else { return nil }
      let file: LogFile
      do throws(IOError) {
        file = try LogFile(path, format: format)
      } catch  where isGrowing && error.code == ENOENT && self.file != nil {
        // It was renamed this moment, and the next one is not there yet.
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
