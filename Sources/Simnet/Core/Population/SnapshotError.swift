/// An error in a snapshot file, with its place.
public struct SnapshotError: Error, Equatable, CustomStringConvertible {
  /// The file.
  public let path: String

  /// The row, from 1; nil if the error concerns the whole file.
  public let row: Int?

  /// The field's name; nil if the error concerns the whole row.
  public let field: String?

  /// The problem, as a clause.
  public let problem: String

  /// The place and the problem.
  public var description: String {
    var place = path
    if let row { place += ", row \(row)" }
    if let field { place += ", \(field)" }
    return "\(place): \(problem)"
  }
}
