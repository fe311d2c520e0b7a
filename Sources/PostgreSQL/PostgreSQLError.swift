/// Why a PostgreSQL database cannot be used; no password is ever in it.
public enum PostgreSQLError: Error, Equatable, CustomStringConvertible {
  /// The address is not written as libpq reads it.
  case unreadableAddress
  /// What the server or the library said, in a line.
  case failed(String)

  /// A sentence about it, without its end.
  public var description: String {
    switch self {
    case .unreadableAddress:
      """
      The database's address cannot be read. It is written postgresql://user@host:port/name, with @, / and % within a \
      name or password as %40, %2F and %25
      """
    case .failed(let words): words
    }
  }
}
