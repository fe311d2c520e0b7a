public import ArgumentParser
internal import Bytes
@preconcurrency internal import Glibc

extension ParsableCommand {
  /// The main of every program: parses the command line, runs the command and ends the process.
  ///
  /// Help, versions and completion scripts go to the standard output like anything else: if they cannot be written, that is
  /// an error on stderr and exit status 1. So is anything of `print(_:)`'s that could not be written, and an error of
  /// `close(2)`. A reader that has gone away is none.
  public static func runAsProgram() -> Never {
    openStandardDescriptors()
    // Whoever reads the output may go away.
    signal(SIGPIPE, SIG_IGN)
    var status: Int32 = 0
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      status = exitCode(for: error).rawValue
      let text = fullMessage(for: error)
      if !text.isEmpty {
        if status == 0 {
          status = write(text + "\n") ? 0 : 1
        } else {
          StandardErrorLog.write(text + "\n")
        }
      }
    }
    let isFlushed = fflush(stdout) == 0 && ferror(stdout) == 0
    if !isFlushed, errno != EPIPE {
      complain(IOError("write to \(DescriptorOutput.standardName)"))
      status = status == 0 ? 1 : status
    }
    do throws(IOError) { try DescriptorOutput.closeStandard() } catch {
      complain(error)
      status = status == 0 ? 1 : status
    }
    Glibc.exit(status)
  }

  private static func write(_ text: String) -> Bool {
    do throws(IOError) {
      try DescriptorOutput.standard(Array(text.utf8))
      return true
    } catch {
      complain(error)
      return false
    }
  }

  private static func complain(_ error: IOError) {
    StandardErrorLog.write("\(_commandName): \(error).\n")
  }

  /// Gives the first three descriptors a meaning if the caller has closed them. Otherwise the first file that is opened
  /// would get their numbers, and be written to as the standard output.
  private static func openStandardDescriptors() {
    // The wrong way round, so that using them is an error.
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
