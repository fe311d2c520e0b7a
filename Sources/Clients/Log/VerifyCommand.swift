import ArgumentParser
import Bytes
import Commands
import Daemon
import LogFiles
import LogText

/// `netmine verify`: reads archives and reports missing records.
struct VerifyCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check archives for missing and damaged records, and print a summary.",
    discussion: """
      The files may be given in any order. They are read in the order in which they were started.

      Exit status: 0 if the archives are complete. 1 if records are lost, even if a record says why (records \
      from before the archive's start do not count). Also 1 if a file ends within a record, cannot be read \
      or is no archive. Duplicate records, records out of order, wrong checksums and times that run \
      backwards are reported but do not change the exit status. In JSON, "faultless" is false for all of \
      these except wrong checksums.

      `netmine log check` counts the same records as missing, and prints where they are missing in the \
      files.

      Leave out verbatim.log.torn-… files: verbatim saves cut-off bytes there, and they are no archives.
      """
  )

  @Argument(help: "Archive files, all of one verbatim.", completion: .file())
  var files: [String]

  @Flag(help: "Print one JSON object.")
  var json = false

  @OptionGroup(title: "Common options") var common: CommonOptions

  var control: String? { nil }
  var isJSON: Bool { json }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    var report = ArchiveReport()
    var isReadable = true
    for path in LogFiles.chronological(files) {
      do throws(IOError) {
        for damage in try report.read(LogFile(path)) {
          isReadable = false
          environment.output.complain("\(damage).")
        }
      } catch {
        isReadable = false
        environment.output.complain("\(path) cannot be read: \(error).")
      }
    }
    environment.output.lines(Array((isJSON ? report.json : report.text).utf8))
    let isWhole = report.lostCount == 0 && report.files.allSatisfy { $0.tornCount == 0 }
    return isReadable && isWhole ? .succeeded : .someFailed
  }
}
