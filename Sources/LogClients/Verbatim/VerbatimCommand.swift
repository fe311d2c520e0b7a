import ArgumentParser
import Configuration
import Daemon
import LogClientCore

@main
enum VerbatimMain {
  static func main() { VerbatimCommand.runAsProgram() }
}

/// The `verbatim` program: archives the whole log stream.
struct VerbatimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verbatim",
    abstract: "Archive the log stream to verbatim.log in verbatim.logpath, byte for byte.",
    discussion: """
      Rotation: Use logrotate, which sends two signals: SIGUSR1 closes the file, SIGUSR2 reopens it (see \
      tools/verbatim-rotate.cfg). Or set --rotate-size or --rotate-interval, and verbatim rotates by itself. \
      It then names each closed segment verbatim.log-START.zst, where START is the time of its start in UTC, \
      and compresses it in the background. --keep-bytes and --keep-days delete the oldest of these segments. \
      Every closed segment has an index file next to it.

      Signals: SIGHUP reads the configuration again and reopens the file. SIGTERM and SIGINT write all \
      records and exit.

      Errors: A full disk or another write error loses no records. They are queued, and the write is \
      retried.

      Crashes: If the file ends with an incomplete record, verbatim cuts it off at the next start and saves \
      it as verbatim.log.torn-<Unix time>.
      """,
    version: Netmine.version
  )

  @OptionGroup var options: DaemonOptions
  @OptionGroup(title: "Archive options") var archive: ArchiveOptions

  func run() throws {
    let status = DaemonLauncher.run(
      "verbatim",
      options,
      own: archive.overrides,
      folders: { [DaemonFolder($0.verbatim.logPath, key: "verbatim.logpath")] }
    ) { daemon in
      let verbatim = try Verbatim(daemon.configuration, log: daemon.log)
      daemon.ready()
      try verbatim.run(manager: daemon.manager, reopenLog: daemon.reopenLogFile)
    }
    if status != 0 { throw ExitCode(status) }
  }
}
