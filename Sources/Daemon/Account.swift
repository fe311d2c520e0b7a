/// The user and group a program becomes when it is started as root.
public struct Account: Equatable, Sendable, CustomStringConvertible {
  /// The user's name; nil to stay root.
  public let name: String?

  /// The user's number; nil to stay root.
  public let user: UInt32?

  /// The group's name, where one is configured.
  public let groupName: String?

  /// The group's number: the configured one's, else the user's own.
  public let group: UInt32?

  /// "user netmine, group netmine".
  public var description: String {
    let user = name.map { "user \($0)" }
    let group = groupName.map { "group \($0)" }
    return [user, group].compactMap(\.self).joined(separator: ", ")
  }
}
