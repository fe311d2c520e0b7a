import Bytes
import LogProtocol

/// Several log files in the order of time.
public enum LogFiles {
  /// Sorts the paths by the time at which the files were begun, from their preambles or else their first
  /// records. Files without a known time, including the standard input, come first, as given. Skips segment
  /// indexes and unfinished files of verbatim, so that all files of a folder may be passed.
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
