import Bytes
import Glibc
import LogProtocol
import Synchronization

/// Maintains the closed segments: gives each an index, compresses those that verbatim closed by itself,
/// deletes the oldest when they exceed a limit, and finishes or removes the rest of a crash.
///
/// It finds its work by looking at the folder, so it may be stopped at any time. It never touches the open
/// segment, and deletes only segments whose names are `SegmentName`s. It runs on a thread of its own.
struct SegmentKeeper: Sendable {
  /// The configured limits and formats.
  struct Rules: Equatable, Sendable {
    /// The layout of the records.
    var format = ArchiveFormat.native
    /// The Zstandard level; 0 for no compression.
    var compression = 0
    /// Bytes that all closed segments together may have; 0 for no limit.
    var keepBytes: UInt64 = 0
    /// Microseconds after which a segment is deleted; 0 for never.
    var keepTime: UInt64 = 0
  }

  /// A message about work that was done or failed.
  enum Note: Equatable, Sendable {
    /// A segment was compressed: its name, and its bytes before and after.
    case compressed(String, UInt64, UInt64)
    /// The oldest segment was deleted: its name, its bytes, and the reason.
    case deleted(String, UInt64, String)
    /// A file left by a crash was removed: its name, and what it was.
    case cleaned(String, String)
    /// A step failed; the next call retries it.
    case failed(String)
  }

  /// Stops work early, from another thread. Partial files are removed.
  final class Cancellation: Sendable {
    private let flag = Atomic(false)
    var isCancelled: Bool { flag.load(ordering: .relaxed) }
    func cancel() { flag.store(true, ordering: .relaxed) }
  }

  /// The archive's folder, with a trailing slash.
  let folder: String
  /// The open segment's file name in the folder.
  let archive: String
  let rules: Rules
  /// The inode of the segment that another program closed last, whatever its name is now.
  var closedInode: UInt64?
  let cancellation: Cancellation

  /// Does all pending work.
  ///
  /// - Parameters:
  ///   - openStart: the start of the open segment, in microseconds since the Unix epoch.
  ///   - time: the current time, in the same unit.
  func tend(openStart: UInt64, at time: UInt64) -> [Note] {
    var notes: [Note] = []
    guard let listing = list() else { return [.failed("\(IOError("list \(folder)"))")] }
    notes += clean(listing)
    var segments = listing.compactMap { file in
      SegmentName(file.name, of: archive).map { (file: file, name: $0) }
    }
    for segment in segments where !segment.name.isCompressed {
      if cancellation.isCancelled { return notes }
      notes += complete(segment.file, compression: rules.compression)
    }
    for segment in segments where segment.name.isCompressed {
      notes += complete(segment.file, compression: 0)
    }
    for file in listing where file.inode == closedInode && file.name != archive {
      guard SegmentName(file.name, of: archive) == nil else { continue }
      // With numbered names, an index of this name may belong to an earlier segment.
      unlink(folder + file.name + SegmentIndex.suffix)
      notes += complete(file, compression: 0)
    }
    guard rules.keepBytes > 0 || rules.keepTime > 0 else { return notes }
    segments = (list() ?? []).compactMap { file in SegmentName(file.name, of: archive).map { (file, $0) } }
    segments.sort { $0.name.start < $1.name.start }
    var total = segments.reduce(UInt64(0)) { $0 + $1.file.size }
    for (place, segment) in segments.enumerated() {
      // A segment's last record is not newer than the start of the next segment.
      let end = place + 1 < segments.count ? segments[place + 1].name.start : openStart
      let reason: String
      if rules.keepBytes > 0, total > rules.keepBytes {
        reason = "the closed segments have \(total) bytes, more than \(rules.keepBytes)"
      } else if rules.keepTime > 0, end + rules.keepTime < time {
        reason = "it ended \((time - end) / 86_400_000_000) days ago"
      } else {
        break
      }
      guard unlink(folder + segment.file.name) == 0 else {
        notes.append(.failed("\(IOError("delete \(folder + segment.file.name)"))"))
        break
      }
      unlink(folder + segment.file.name + SegmentIndex.suffix)
      total -= segment.file.size
      notes.append(.deleted(segment.file.name, segment.file.size, reason))
    }
    return notes
  }

  /// Adds a missing index to a segment, or replaces the segment by a compressed one.
  private func complete(_ file: File, compression: Int) -> [Note] {
    let path = folder + file.name
    do {
      if compression > 0 {
        let index = try SegmentCompressor.compress(path, format: rules.format, level: compression) {
          cancellation.isCancelled
        }
        return index.map { [.compressed(file.name, $0.size, $0.fileSize)] } ?? []
      }
      if access(path + SegmentIndex.suffix, F_OK) == 0 { return [] }
      try DurableFile.write(
        SegmentIndex(building: path, format: rules.format).bytes,
        to: path + SegmentIndex.suffix
      )
      return []
    } catch {
      return [.failed("\(error)")]
    }
  }

  /// Removes partial files that a killed program left, and indexes without a segment.
  private func clean(_ listing: [File]) -> [Note] {
    let names = Set(listing.map(\.name))
    return listing.compactMap { file in
      let kind: String
      guard file.name.hasPrefix(archive + "-") || file.name.hasPrefix(archive + ".") else { return nil }
      if file.name.hasSuffix(SegmentName.partialSuffix) {
        kind = "it was not finished"
      } else if file.name.hasSuffix(SegmentIndex.suffix),
        !names.contains(String(file.name.dropLast(SegmentIndex.suffix.count)))
      {
        kind = "its segment is gone"
      } else {
        return nil
      }
      guard unlink(folder + file.name) == 0 else {
        return .failed("\(IOError("remove \(folder + file.name)"))")
      }
      return .cleaned(file.name, kind)
    }
  }

  /// A file in the folder.
  struct File {
    let name: String
    let size: UInt64
    let inode: UInt64
  }

  /// The regular files in the folder whose names start with the archive's name, sorted by name.
  private func list() -> [File]? { Self.list(folder, archive) }

  /// The regular files in a folder whose names start with an archive's name, sorted by name; nil if it cannot
  /// be read.
  static func list(_ folder: String, _ archive: String) -> [File]? {
    guard let listing = opendir(folder) else { return nil }
    defer { closedir(listing) }
    var files: [File] = []
    while let entry = readdir(listing) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      var state = stat()
      guard name.hasPrefix(archive), lstat(folder + name, &state) == 0, state.st_mode & S_IFMT == S_IFREG
      else {
        continue
      }
      files.append(File(name: name, size: UInt64(state.st_size), inode: UInt64(state.st_ino)))
    }
    return files.sorted { $0.name < $1.name }
  }
}
