/// Why a command cannot go on: what its caller and its script are told.
public struct ClientFailure: Error, Equatable, CustomStringConvertible {
  /// How the command ends.
  public var status: ExitStatus

  /// What went wrong and what to do about it; one sentence or more.
  public var sentence: String

  /// Creates a failure.
  public init(_ status: ExitStatus, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }

  /// The sentence.
  public var description: String { sentence }
}
