import ArgumentParser
import Bytes
import Commands
import Daemon

/// `netmine crawl status`: prints the progress of a running crawl.
struct CrawlStatusCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show the progress of a running crawl.",
    discussion: "Exit status: 0 if a crawl is running, otherwise 1."
  )

  @Flag(help: "Update the display until interrupted.")
  var watch = false

  @Option(help: ArgumentHelp("Seconds between updates, with --watch.", valueName: "seconds"))
  var interval = 1.0

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Common options") var common: CommonOptions

  var control: String? { nil }
  var isJSON: Bool { json }

  func validate() throws {
    guard (0.1...3600).contains(interval) else {
      throw ValidationError("--interval must be 0.1 to 3600 seconds.")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let file = CrawlStatusFile(environment)
    guard try look(file) != nil else {
      environment.output.complain("No crawl is running here.")
      return .someFailed
    }
    return try environment.onScreen(interval: interval, count: watch ? nil : 1) { _ throws(ClientFailure) in
      guard let (text, lines, process) = try look(file) else {
        throw ClientFailure(.someFailed, "The crawl has ended.")
      }
      return json ? [.text(text)] : [.text("crawl of process \(process)")] + lines.map { .text($0) }
    }
  }

  private func look(_ file: CrawlStatusFile) throws(ClientFailure) -> (String, [String], Int32)? {
    do throws(IOError) { return try file.read() } catch {
      throw ClientFailure(.someFailed, "The crawl's status cannot be read: \(error).")
    }
  }
}
