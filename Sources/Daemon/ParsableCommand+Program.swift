public import ArgumentParser
internal import Bytes
@preconcurrency internal import Glibc

extension ParsableCommand {
  /// The main function of every program: parses the command line, runs the command and exits.
  ///
  /// Help, versions and completion scripts go to stdout. If they or the output of `print(_:)` cannot be
  /// written, or `close(2)` fails, the program reports it on stderr and exits with status 1. A closed pipe is
  /// not an error.
  public static func runAsProgram() -> Never {
    openStandardDescriptors()
    // The reader of the output may close its end.
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

  /// Opens standard descriptors that the caller has closed. Otherwise the next file opened would get such a
  /// number, and output would be written to it.
  private static func openStandardDescriptors() {
    // Opened in the wrong direction, so that reading stdin or writing stdout fails.
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
