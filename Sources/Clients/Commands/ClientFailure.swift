/// The reason why a command fails: an exit status for scripts and a sentence for people.
public struct ClientFailure: Error, Equatable, CustomStringConvertible {
  /// The exit status of the command.
  public var status: ExitStatus

  /// One or more sentences: the error, and how to fix it.
  public var sentence: String

  /// Creates a failure.
  public init(_ status: ExitStatus, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }

  /// The sentence.
  public var description: String { sentence }
}
