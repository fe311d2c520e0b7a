import ArgumentParser
import Bytes
import Commands
import LogFiles
import LogProtocol
import LogText

/// `netmine log merge`: puts several files' records into the order of time.
struct MergeCommand: LogToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Put the records of several files, of any sources, into the order of time.",
    discussion: """
      The order within a file stays as it is; of records of the same time that of the file named first comes first. \
      The result is native. Where files of several log servers use one id for several sources, one keeps it and \
      the others get other ids, in all that is said of them; each is told.
      """
  )

  @Flag(help: "Leave out records of a source that are there already, as in archives that overlap.")
  var unique = false

  @OptionGroup(title: "Where to") var target: ByteOutputOptions
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
        if unique, !seen.isNew(record) {
          counts.left += 1
          continue
        }
        counts.written += 1
        writer.append(record, to: &output.bytes)
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
    let left = counts.left == 0 ? "" : ", \(counts.left) left out that were there already"
    environment.output.note("\(Quantity.counted(counts.written, "record"))\(left)")
    return reading.status
  }
}
