import ArgumentParser
import Commands
import Daemon
import EventLoop
import Glibc
import LogOptions
import LogText

/// `netmine watch`: shows the log stream as it comes.
struct WatchCommand: ClientCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Show the log stream as it comes, all of it or what is chosen.",
    discussion: """
      For example:
        netmine watch --command inv --received --count 10

      At first one line says how many connections are open; --json and --type meta tell each.
      """
  )

  @OptionGroup(title: "Which records") var records: RecordFilterOptions
  @OptionGroup(title: "How they are shown") var form: RecordOutputOptions

  @Option(help: ArgumentHelp("Stop after this many records.", valueName: "n"))
  var count: Int?

  @Option(help: ArgumentHelp("Stop after this many seconds.", valueName: "seconds"))
  var duration: Double?

  @OptionGroup(title: "Common options") var common: CommonOptions

  var control: String? { nil }
  var isJSON: Bool { form.json }

  func validate() throws {
    guard count ?? 1 > 0 else { throw ValidationError("--count is 1 or more.") }
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
