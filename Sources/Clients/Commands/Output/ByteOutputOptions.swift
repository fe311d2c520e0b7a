import ArgumentParser
import Glibc

/// The options of every command that writes a file.
public struct ByteOutputOptions: ParsableArguments {
  /// The file to write; nil or `-` for the standard output.
  @Option(
    name: .customShort("o"),
    help: ArgumentHelp("File to write. (default: the standard output)", valueName: "file"),
    completion: .file()
  )
  public var path: String?

  /// Whether an existing file is replaced.
  @Flag(help: "Replace the file if it exists.")
  public var force = false

  /// Creates the options for their parser.
  public init() {}

  /// Opens the file or the standard output. Throws if that is a terminal.
  public func open(_ output: Output) throws(ClientFailure) -> ByteOutput {
    if path == nil || path == "-", output.isTerminal {
      throw ClientFailure(.usage, "Binary output does not go to a terminal: name a file with -o.")
    }
    return try ByteOutput(path, replaces: force, output)
  }
}
