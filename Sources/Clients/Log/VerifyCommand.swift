import ArgumentParser
import Bytes
import Commands
import Daemon
import LogFiles
import LogText

/// `netmine verify`: reads archives back and tells whether anything is missing.
struct VerifyCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read archives back and tell what they hold and whether anything is missing.",
    discussion: """
      Files are read in the order in which they were begun, whatever order they are named in.

      Exit status 1 when records are lost, whether a record says why or not (those from before the \
      archive began do not count), when a file ends within a record, and when one cannot be read or is no \
      archive. Records that are there twice or out of order, wrong checksums and times that run backwards are \
      told only; "faultless" in JSON is false for all of them but wrong checksums.

      `netmine log check` counts the same sequences as missing, and says where in the files that shows.

      What verbatim cut off an archive's end and saved (verbatim.log.torn-…) is no archive: leave it out.
      """
  )

  @Argument(help: "Archives, of one verbatim.", completion: .file())
  var files: [String]

  @Flag(help: "Print JSON, one object.")
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
