import TestSupport
import Testing

/// The `netmine` program, run as a process.
@Suite struct NetmineProcessTests {
  let runner: CommandRunner

  init() throws { runner = try CommandRunner() }

  /// Runs the program to its end while the fake connector serves it.
  func netmine(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    let folder = runner.folder
    for name in ["output", "errors"] { try folder.write(name, "") }
    let process = try ChildProcess(
      "netmine",
      arguments,
      folder: folder.path,
      output: folder.path + "output",
      errors: folder.path + "errors"
    )
    try runner.loop.run(timeout: 30) { !process.isRunning }
    return (process.wait(), try folder.read("output"), try folder.read("errors"))
  }

  @Test(.timeLimit(.minutes(10))) func connects() throws {
    let outcome = try netmine("connect", "127.0.0.1:9", "--root", runner.folder.path)
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("127.0.0.1:9: connected in 23.5 ms, id 101, /Satoshi:29.0.0/"))
    #expect(outcome.errors.isEmpty)
  }

  @Test(.timeLimit(.minutes(10))) func saysThatTheConnectorIsDown() throws {
    let outcome = try netmine("broadcast", "ping", "--control", "nowhere")
    #expect(outcome.status == 2)
    #expect(outcome.output.isEmpty)
    #expect(
      outcome.errors == "netmine: No connector answers on nowhere: No such file or directory. Start one with "
        + "`connector`, or give its address with --configfile, --root or --control.\n"
    )
  }

  @Test(
    .timeLimit(.minutes(10)),
    arguments: [["send", "ping"], ["disconnect", "--al"], ["nodes", "--nosuch"]]
  )
  func refusesWrongArguments(_ arguments: [String]) throws {
    let outcome = try netmine(arguments[0], arguments.last!)
    #expect(outcome.status == 64)
    #expect(!outcome.errors.isEmpty)
  }

  @Test(.timeLimit(.minutes(10))) func helpsTheShell() throws {
    let script = try netmine("--generate-completion-script", "bash")
    #expect(script.status == 0)
    #expect(script.output.contains("broadcast"))
    #expect(try netmine("--version").output == "0.1.0\n")
  }
}
