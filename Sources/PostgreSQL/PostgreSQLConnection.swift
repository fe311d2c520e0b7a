import CPostgreSQL
import Glibc

/// A connection to a PostgreSQL server; each call waits for the server's answer.
public final class PostgreSQLConnection {
  private let connection: OpaquePointer
  private let secrets: [String]

  /// Connects.
  ///
  /// - Parameter address: `postgresql://…`, `key=value` words, or a database's name, as of libpq; what it leaves
  ///   out is taken from libpq's environment variables and files.
  public init(_ address: String) throws(PostgreSQLError) {
    secrets = try Self.secrets(in: address)
    let keys = ["fallback_application_name", "client_encoding", "dbname"]
    connection = Self.withStrings(keys) { keys in
      Self.withStrings(["netmine", "UTF8", address]) { PQconnectdbParams(keys, $0, 1) }
    }!
    guard PQstatus(connection) == CONNECTION_OK else { throw failure() }
    // What the server only remarks on is nobody's concern.
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
  }

  deinit { PQfinish(connection) }

  /// A name as it is written in SQL.
  public static func identifier(_ name: String) -> String {
    "\"\(name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
  }

  /// A text as it is written in SQL.
  public func literal(_ text: String) throws(PostgreSQLError) -> String {
    guard let bytes = PQescapeLiteral(connection, text, text.utf8.count) else { throw failure() }
    defer { PQfreemem(bytes) }
    return String(cString: bytes)
  }

  /// Does what a statement says, and gives the rows that it returns.
  @discardableResult
  public func execute(_ sql: String) throws(PostgreSQLError) -> [[String?]] {
    let result = PQexec(connection, sql)
    defer { PQclear(result) }
    try check(result, PGRES_COMMAND_OK, PGRES_TUPLES_OK)
    return Self.rows(result)
  }

  private static func rows(_ result: OpaquePointer?) -> [[String?]] {
    (0..<PQntuples(result)).map { row in
      (0..<PQnfields(result)).map { column in
        PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
      }
    }
  }

  /// What a column of a result holds.
  public enum Kind: Sendable {
    /// A whole number.
    case integer
    /// A number with digits after the point.
    case real
    /// Anything else.
    case text
  }

  /// Whether the server was there when it was last spoken with.
  public var isConnected: Bool { PQstatus(connection) == CONNECTION_OK }

  /// Does what a statement says, and gives the rows that it returns and what their columns hold.
  public func execute(_ sql: String, kinds: inout [Kind]) throws(PostgreSQLError) -> [[String?]] {
    let result = PQexec(connection, sql)
    defer { PQclear(result) }
    try check(result, PGRES_COMMAND_OK, PGRES_TUPLES_OK)
    kinds = (0..<PQnfields(result)).map { column in
      // The numbers of types in pg_type.dat: int2, int4, int8; float4, float8, numeric.
      switch PQftype(result, column) {
      case 20, 21, 23: .integer
      case 700, 701, 1700: .real
      default: .text
      }
    }
    return Self.rows(result)
  }

  /// The names of the columns that a statement returns.
  public func columns(_ sql: String) throws(PostgreSQLError) -> [String] {
    let result = PQexec(connection, "SELECT * FROM (\(sql)) AS it LIMIT 0")
    defer { PQclear(result) }
    try check(result, PGRES_TUPLES_OK)
    return (0..<PQnfields(result)).map { String(cString: PQfname(result, $0)) }
  }

  /// Adds rows to a table.
  ///
  /// - Parameters:
  ///   - table: the table as it is written in SQL.
  ///   - bytes: the rows, as `COPY` has them in its binary format.
  public func copy(_ bytes: [UInt8], into table: String) throws(PostgreSQLError) {
    let begun = PQexec(connection, "COPY \(table) FROM STDIN (FORMAT binary)")
    defer { PQclear(begun) }
    try check(begun, PGRES_COPY_IN)
    let isSent = bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 20))
        guard PQputCopyData(connection, part.baseAddress, Int32(part.count)) == 1 else { return false }
        rest = rest.dropFirst(part.count)
      }
      return PQputCopyEnd(connection, nil) == 1
    }
    guard isSent else { throw failure() }
    while let result = PQgetResult(connection) {
      defer { PQclear(result) }
      try check(result, PGRES_COMMAND_OK)
    }
  }

  private func check(_ result: OpaquePointer?, _ expected: ExecStatusType...) throws(PostgreSQLError) {
    guard !expected.contains(PQresultStatus(result)) else { return }
    throw failure()
  }

  /// What the server or the library said last, in a line, without passwords.
  private func failure() -> PostgreSQLError {
    var words = String(cString: PQerrorMessage(connection)).split { $0.isWhitespace }.joined(separator: " ")
    for secret in secrets {
      words = words.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
    }
    return .failed(words.isEmpty ? "the server does not answer" : words)
  }

  // MARK: Addresses

  /// The passwords in an address.
  ///
  /// - Throws: `PostgreSQLError` where it cannot be read; without a word of it, as what is wrong may be a password.
  private static func secrets(in address: String) throws(PostgreSQLError) -> [String] {
    let isURI = address.hasPrefix("postgresql://") || address.hasPrefix("postgres://")
    guard isURI || address.contains("=") else { return [] }
    if isURI {
      let rest = address.drop { $0 != "/" }.dropFirst(2)
      let authority = rest.prefix { $0 != "/" }
      let path = rest.dropFirst(authority.count).prefix { $0 != "?" }
      guard authority.count(where: { $0 == "@" }) <= 1, !path.contains("@") else { throw .unreadableAddress }
    }
    guard let options = PQconninfoParse(address, nil) else { throw .unreadableAddress }
    defer { PQconninfoFree(options) }
    var secrets: [String] = []
    var option = options
    while let keyword = option.pointee.keyword {
      if String(cString: keyword).hasSuffix("password"), let value = option.pointee.val {
        secrets.append(String(cString: value))
      }
      option += 1
    }
    return secrets.filter { !$0.isEmpty }
  }

  /// Lends texts as a list of C strings that ends with nil.
  private static func withStrings<Result>(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return (copies + [nil]).map { UnsafePointer($0) }.withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}
