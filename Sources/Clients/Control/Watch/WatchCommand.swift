import ArgumentParser
import Commands
import Daemon
import EventLoop
import Glibc
import LogOptions
import LogText

/// `netmine watch`: prints the live log stream.
struct WatchCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Print the live log stream, or chosen records of it.",
    discussion: """
      For example:
        netmine watch --command inv --received --count 10

      For each source, the first line gives the number of open connections. With --json or --type meta, \
      every open connection has a line of its own.
      """
  )

  @OptionGroup(title: "Which records") var records: RecordFilterOptions
  @OptionGroup(title: "How they are shown") var form: RecordOutputOptions

  @Option(help: ArgumentHelp("Stop after N records.", valueName: "n"))
  var count: Int?

  @Option(help: ArgumentHelp("Stop after N seconds.", valueName: "seconds"))
  var duration: Double?

  @OptionGroup(title: "Common options") var common: CommonOptions

  var control: String? { nil }
  var isJSON: Bool { form.json }

  func validate() throws {
    guard count ?? 1 > 0 else { throw ValidationError("--count must be 1 or more.") }
    guard duration ?? 0 >= 0 else { throw ValidationError("--duration cannot be negative.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let watch = try StreamWatch(
      environment.subscribeAddress(),
      key: environment.key,
      records.filter,
      form.mode(for: STDOUT_FILENO),
      limit: count ?? .max,
      environment.output
    )
    try watch.run(on: environment.loop, duration: duration)
    return .succeeded
  }
}
