import ArgumentParser
import Configuration
import Daemon
import LogClientCore

@main
enum VerbatimMain {
  static func main() { VerbatimCommand.runAsProgram() }
}

/// Archives everything that the log server has to tell.
struct VerbatimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verbatim",
    abstract: "Archive the log stream to verbatim.log in verbatim.logpath, byte for byte.",
    discussion: """
      Rotate with logrotate, by two signals: SIGUSR1 closes the file, SIGUSR2 opens it anew \
      (tools/verbatim-rotate.cfg). Or have verbatim do it, by size or time: closed segments are called \
      verbatim.log-<when begun>.zst, compressed in the background, and deleted from the oldest on where \
      --keep-bytes or --keep-days say so. Every closed segment has an index beside it. SIGHUP reads the \
      configuration again and opens the file anew. SIGTERM and SIGINT end it in order.

      A full disk or another error of the disk loses nothing: what comes waits, and it is tried again.

      What a crash has left at the file's end that is no whole record is cut off when verbatim opens it, and \
      saved beside it as verbatim.log.torn-<Unix time>.
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
