import Glibc
import LogProtocol

/// Finds the segment that was written just before a new one, wherever log rotation left it.
enum PreviousSegment {
  /// The newest file next to `path` whose name is this file's name followed by `.` or `-`, as logrotate names
  /// files; nil if there is none. Saved tails do not count. A compressed segment keeps the modification time
  /// that it had before.
  static func find(before path: String) -> String? {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[...$0]) } ?? "./"
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    guard let listing = opendir(folder) else { return nil }
    defer { closedir(listing) }
    var newest: (path: String, time: timespec)?
    while let entry = readdir(listing) {
      let other = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard other.hasPrefix(name + ".") || other.hasPrefix(name + "-"), !other.hasPrefix(name + CutTail.infix)
      else { continue }
      var state = stat()
      guard stat(folder + other, &state) == 0, state.st_mode & S_IFMT == S_IFREG else { continue }
      if let newest,
        (newest.time.tv_sec, newest.time.tv_nsec) >= (state.st_mtim.tv_sec, state.st_mtim.tv_nsec)
      {
        continue
      }
      let isCompressed = SegmentName(other, of: name)?.isCompressed == true
      guard isCompressed || (try? SegmentFile.reader(of: folder + other)) != nil else { continue }
      newest = (folder + other, state.st_mtim)
    }
    return newest?.path
  }

  /// Reads all whole records of a segment.
  static func read(_ path: String, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Void) throws {
    if path.hasSuffix(SegmentName.compressedSuffix) { return try CompressedSegment.read(path, body) }
    _ = try SegmentFile.read(SegmentFile.reader(of: path), body)
  }
}
