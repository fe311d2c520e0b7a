/// An error of a database. It never contains a password.
public enum StoreError: Error, Equatable, CustomStringConvertible {
  /// The PostgreSQL address cannot be parsed by libpq.
  case unreadableAddress
  /// The database refuses a value or a row. Trying again cannot succeed.
  case refused(String)
  /// The database cannot be reached, is busy, full or damaged, or lacks a table. Trying again may succeed
  /// later.
  case failed(String)

  /// A sentence without its full stop.
  public var description: String {
    switch self {
    case .unreadableAddress:
      """
      The database's address is malformed. Write postgresql://user@host:port/name, with @, / and % within a \
      name or password as %40, %2F and %25
      """
    case .refused(let words), .failed(let words): words
    }
  }
}
