import ArgumentParser
import Glibc

/// The options of every command that writes a file.
struct ByteOutputOptions: ParsableArguments {
  @Option(
    name: .customShort("o"),
    help: ArgumentHelp("File to write. (default: the standard output)", valueName: "file"),
    completion: .file()
  )
  var path: String?

  @Flag(help: "Replace the file if it exists.")
  var force = false

  /// Opens the file or the standard output. Throws if that is a terminal.
  func open(_ output: Output) throws(ClientFailure) -> ByteOutput {
    if path == nil || path == "-", output.isTerminal {
      throw ClientFailure(.usage, "Binary output does not go to a terminal: name a file with -o.")
    }
    return try ByteOutput(path, replaces: force, output)
  }
}
