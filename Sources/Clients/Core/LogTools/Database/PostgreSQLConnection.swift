import Bytes
import CPostgreSQL
import Glibc

/// A connection to a PostgreSQL server; each call waits for the server's answer.
final class PostgreSQLConnection {
  private let connection: OpaquePointer
  private let secrets: [String]

  /// Connects.
  ///
  /// - Parameter address: `postgresql://…`, `key=value` words, or a database's name, as of libpq; what it leaves
  ///   out is taken from libpq's environment variables and files.
  init(_ address: String) throws(ClientFailure) {
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
  static func identifier(_ name: String) -> String {
    "\"\(name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
  }

  /// A text as it is written in SQL.
  func literal(_ text: String) throws(ClientFailure) -> String {
    guard let bytes = PQescapeLiteral(connection, text, text.utf8.count) else { throw failure() }
    defer { PQfreemem(bytes) }
    return String(cString: bytes)
  }

  /// Does what a statement says, and gives the rows that it returns.
  @discardableResult
  func execute(_ sql: String) throws(ClientFailure) -> [[String?]] {
    let result = PQexec(connection, sql)
    defer { PQclear(result) }
    try check(result, PGRES_COMMAND_OK, PGRES_TUPLES_OK)
    return (0..<PQntuples(result)).map { row in
      (0..<PQnfields(result)).map { column in
        PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
      }
    }
  }

  /// Adds rows to a table.
  ///
  /// - Parameters:
  ///   - table: the table as it is written in SQL.
  ///   - bytes: the rows, as `COPY` has them in its binary format.
  func copy(_ bytes: [UInt8], into table: String) throws(ClientFailure) {
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

  private func check(_ result: OpaquePointer?, _ expected: ExecStatusType...) throws(ClientFailure) {
    guard !expected.contains(PQresultStatus(result)) else { return }
    throw failure()
  }

  /// What the server or the library said last, in a line, without passwords.
  private func failure() -> ClientFailure {
    var words = String(cString: PQerrorMessage(connection)).split { $0.isWhitespace }.joined(separator: " ")
    for secret in secrets {
      words = words.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
    }
    return ClientFailure(
      .someFailed,
      "The database cannot be written: \(words.isEmpty ? "the server does not answer" : words)."
    )
  }

  // MARK: Addresses

  /// The passwords in an address.
  ///
  /// - Throws: `ClientFailure` where it cannot be read; without a word of it, as what is wrong may be a password.
  private static func secrets(in address: String) throws(ClientFailure) -> [String] {
    let isURI = address.hasPrefix("postgresql://") || address.hasPrefix("postgres://")
    guard isURI || address.contains("=") else { return [] }
    if isURI {
      let rest = address.drop { $0 != "/" }.dropFirst(2)
      let authority = rest.prefix { $0 != "/" }
      let path = rest.dropFirst(authority.count).prefix { $0 != "?" }
      guard authority.count(where: { $0 == "@" }) <= 1, !path.contains("@") else { throw unreadable }
    }
    guard let options = PQconninfoParse(address, nil) else { throw unreadable }
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

  private static let unreadable = ClientFailure(
    .usage,
    """
    The database's address cannot be read. It is written postgresql://user@host:port/name, with @, / and % within a \
    name or password as %40, %2F and %25.
    """
  )

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
