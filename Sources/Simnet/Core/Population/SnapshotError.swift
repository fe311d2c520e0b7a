/// Says that a file is no snapshot of a network, and where it is not.
public struct SnapshotError: Error, Equatable, CustomStringConvertible {
  /// The file.
  public let path: String

  /// Which row, from 1; nil where the whole is concerned.
  public let row: Int?

  /// Which of its fields; nil where the whole row is concerned.
  public let field: String?

  /// What is wrong.
  public let problem: String

  /// A sentence that says what is wrong where.
  public var description: String {
    var place = path
    if let row { place += ", row \(row)" }
    if let field { place += ", \(field)" }
    return "\(place): \(problem)"
  }
}
