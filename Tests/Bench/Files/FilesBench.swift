import ArgumentParser
import Bytes
import Foundation

/// `bench files`: measures the readers of archives.
struct FilesBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "files",
    abstract: "Measure netmine's readers of archives, compared with cat and zstd in the same run.",
    discussion: """
      Writes an archive of real messages into a temporary folder, plain and compressed, and removes both at \
      the end. Each work is a separate process that reads the whole archive from the page cache. "MB/s" \
      counts the bytes of the plain archive, by wall time. "of cat" is the throughput relative to `cat`, or \
      to `zstd -d` if the archive is compressed. Works are measured in turns; figures are medians.
      """
  )

  @Option(help: "Folder with real inputs: captures and a block. Without it, messages are made up.")
  var data: String?

  @Option(help: ArgumentHelp("Another netmine program to compare with.", valueName: "program"))
  var beside: String?

  @Option(help: "Measure only works whose name begins with this.")
  var only = ""

  @Option(help: "Size of the archive in MB.")
  var megabytes = 400

  @Option(help: "Samples of each work; a work of more than 10 s gets only one.")
  var samples = 3

  @Flag(help: "Print JSON, one object per line.")
  var json = false

  func validate() throws {
    guard megabytes > 0, samples > 0 else {
      throw ValidationError("--megabytes and --samples must be 1 or more.")
    }
  }

  func run() throws {
    let folder = NSTemporaryDirectory() + "netmine-bench-\(UInt32.random(in: 0 ... .max))/"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let archive = try FilesArchive(in: folder, megabytes: megabytes, data: data)
    let beside = beside.map { URL(fileURLWithPath: $0).path }
    // Programs read netmine.cfg in their current folder. An older program would not know the keys of the
    // current one.
    guard FileManager.default.changeCurrentDirectoryPath(folder) else { throw IOError("change to \(folder)") }
    if !json { FilesReport.printHeading() }
    for isCompressed in [false, true] { try measure(archive, isCompressed: isCompressed, beside, folder) }
  }

  private func measure(_ archive: FilesArchive, isCompressed: Bool, _ beside: String?, _ folder: String)
    throws
  {
    let path = isCompressed ? archive.compressedPath : archive.path
    let netmine = try Child.folder() + "netmine"
    let floor = isCompressed ? ["zstd", "-dcq", path] : ["cat", path]
    for work in FilesWork.all where work.name.hasPrefix(only) {
      let target = folder + "target"
      func sample(_ program: String) throws -> FilesRun {
        defer { work.files(target).forEach { try? FileManager.default.removeItem(atPath: $0) } }
        return try FilesRun([program] + work.arguments(path, target))
      }
      var (floors, ours, theirs) = ([FilesRun](), [FilesRun](), [FilesRun]())
      for _ in 0..<samples {
        floors.append(try FilesRun(["/usr/bin/env"] + floor))
        if ours.last?.isLong != true { ours.append(try sample(netmine)) }
        if let beside, theirs.last?.isLong != true { theirs.append(try sample(beside)) }
      }
      FilesReport(
        work: work.name,
        isCompressed: isCompressed,
        bytes: archive.size,
        records: archive.recordCount,
        floor: floors,
        ours: ours,
        theirs: theirs
      ).print(json: json)
    }
  }
}

/// A use of netmine that reads an archive.
struct FilesWork {
  /// Its name.
  let name: String

  private let words: [String]
  private let writesFile: Bool

  private init(_ name: String, _ words: [String], writesFile: Bool = false) {
    self.name = name
    self.words = words
    self.writesFile = writesFile
  }

  /// All works.
  static let all = [
    FilesWork("stats", ["stats"]),
    FilesWork("check", ["check"]),
    FilesWork("ndjson", ["export", "--as", "ndjson"]),
    FilesWork("csv", ["export", "--as", "csv"]),
    FilesWork("sqlite", ["export", "--as", "sqlite"], writesFile: true),
  ]

  /// The arguments for netmine to read `archive` and write to `target` or the standard output.
  func arguments(_ archive: String, _ target: String) -> [String] {
    ["log"] + words + (writesFile ? ["-o", target] : []) + [archive]
  }

  /// The files that the work may leave.
  func files(_ target: String) -> [String] {
    writesFile ? ["", ".part", "-journal", "-wal", "-shm"].map { target + $0 } : []
  }
}
