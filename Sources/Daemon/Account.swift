/// The user and group that a program started as root becomes.
public struct Account: Equatable, Sendable, CustomStringConvertible {
  /// The user's name; nil to stay root.
  public let name: String?

  /// The user id; nil to stay root.
  public let user: UInt32?

  /// The configured group's name; nil if none is configured.
  public let groupName: String?

  /// The id of the configured group, or else of the user's own; nil if neither is configured.
  public let group: UInt32?

  /// The user and the group in words, as in "user netmine, group netmine".
  public var description: String {
    let user = name.map { "user \($0)" }
    let group = groupName.map { "group \($0)" }
    return [user, group].compactMap(\.self).joined(separator: ", ")
  }
}
