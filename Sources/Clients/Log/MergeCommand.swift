import ArgumentParser
import Bytes
import Commands
import LogFiles
import LogProtocol
import LogText

/// `netmine log merge`: merges several files in order of time.
struct MergeCommand: LogToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Merge the records of several files, of any sources, in order of time.",
    discussion: """
      Records of one file keep their order. Of records with the same time, the one from the file named first \
      comes first. The output is a native file. If log servers gave the same id to several sources, one \
      source keeps it and the others get new ids in all records about them; stderr reports each.
      """
  )

  @Flag(help: "Skip records of a source that were merged already, as in archives that overlap.")
  var unique = false

  @OptionGroup(title: "Output file") var target: ByteOutputOptions
  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { false }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let output = try target.open(environment.output)
    let reading = LogReading(input, environment.output)
    let files = input.files.compactMap { reading.open($0, bufferCount: 256 << 10) }
    var progress = ReadingProgress(environment.output)
    var writer = NativeLogWriter()
    var seen = SeenSequences()
    let numbering = SourceNumbering { environment.output.note("\($0)") }
    var counts: (written: Int, left: Int) = (0, 0)
    do {
      let merger = try LogMerger(files) { reading.note($0) }
      while let found = try merger.next() {
        let record = numbering.renumber(found, of: merger.current!)
        let typed = record.typed
        if unique, !seen.isNew(typed) {
          counts.left += 1
          continue
        }
        counts.written += 1
        writer.append(typed, record, to: &output.bytes)
        guard try output.flushIfMuch() else { break }
        progress.note(files[0], 0, of: files.count)
      }
    } catch let error as IOError {
      throw ClientFailure(.someFailed, "The files cannot be read: \(error).")
    } catch {
      throw error as? ClientFailure ?? ClientFailure(.someFailed, "\(error)")
    }
    writer.begin(at: 0, &output.bytes)
    try output.finish()
    let left = counts.left == 0 ? "" : ", \(counts.left) left out as duplicates"
    environment.output.note("\(Quantity.counted(counts.written, "record"))\(left)")
    return reading.status
  }
}
