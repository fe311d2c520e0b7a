/// Why a database cannot be used; no password is ever in it.
public enum StoreError: Error, Equatable, CustomStringConvertible {
  /// The PostgreSQL address is not written as libpq reads it.
  case unreadableAddress
  /// The database refuses a value or a row: the same again fails again.
  case refused(String)
  /// The database cannot be reached, is busy, full or damaged, or lacks a table: the same again may succeed later.
  case failed(String)

  /// A sentence about it, without its end.
  public var description: String {
    switch self {
    case .unreadableAddress:
      """
      The database's address cannot be read. It is written postgresql://user@host:port/name, with @, / and % within a \
      name or password as %40, %2F and %25
      """
    case .refused(let words), .failed(let words): words
    }
  }
}
