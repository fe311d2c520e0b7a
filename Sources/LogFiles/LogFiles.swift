import Bytes
import LogProtocol

/// Several log files in the order of time.
public enum LogFiles {
  /// The paths in the order in which the files were begun, by their preambles or else their first records;
  /// those of which that cannot be told, the standard input among them, come first, as given.
  /// Indexes of segments, and what verbatim is writing for them this moment, are left out: where all of a folder is
  /// meant, they are not.
  public static func chronological(_ paths: [String], format: ArchiveFormat? = nil) -> [String] {
    let paths = paths.filter {
      !$0.hasSuffix(SegmentIndex.suffix) && !$0.hasSuffix(SegmentIndex.unfinishedSuffix)
    }
    guard paths.count > 1 else { return paths }
    let times = paths.map { $0 == "-" ? 0 : startTime($0, format) }
    // Sorting is not stable by itself.
    return paths.indices.sorted { (times[$0], $0) < (times[$1], $1) }.map { paths[$0] }
  }

  private static func startTime(_ path: String, _ format: ArchiveFormat?) -> UInt64 {
    guard let file = try? LogFile(path, format: format, bufferCount: 4096) else { return 0 }
    while let piece = try? file.next() {
      if case .record(let record) = piece {
        return file.creationTime == 0 ? record.header.time : file.creationTime
      }
    }
    return file.creationTime
  }
}
