import CPostgreSQL
import Glibc

/// Time-outs of PostgreSQL connections. Values in the address, in libpq's environment variables and in the
/// server's settings take precedence.
public struct PostgreSQLLimits: Sendable {
  /// Seconds to connect to each address of the server; libpq raises 1 to 2.
  public var connecting = 10
  /// Seconds that a statement waits for another session's lock.
  public var lock = 30
  /// Seconds without an answer after which the program checks whether the server is alive, again and again. A
  /// statement may take as long as the server lives.
  public var answer = 30

  /// Creates the default time-outs.
  public init() {}
}

/// A connection to a PostgreSQL server. Each call blocks until the server answers.
public final class PostgreSQLConnection {
  private let connection: OpaquePointer
  private let address: String
  private let secrets: [String]
  private let limits: PostgreSQLLimits
  private var isGivenUp = false

  /// Connects.
  ///
  /// - Parameter address: a libpq connection string: `postgresql://…`, `key=value` words, or a database's
  ///   name. Missing parts come from libpq's environment variables and files.
  public init(_ address: String, _ limits: PostgreSQLLimits = PostgreSQLLimits()) throws(StoreError) {
    secrets = try Self.secrets(in: address)
    (self.address, self.limits) = (address, limits)
    connection = Self.withParameters(address, limits) { PQconnectdbParams($0, $1, 1) }!
    guard PQstatus(connection) == CONNECTION_OK else { throw failure() }
    // Only `wait(for:)` blocks.
    PQsetnonblocking(connection, 1)
    // Discard the server's notices, as nothing reads them.
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
    // Set by a statement: connection poolers refuse `options`.
    try execute(
      """
      SELECT set_config('lock_timeout', '\(limits.lock)s', false) FROM pg_settings \
      WHERE name = 'lock_timeout' AND source = 'default'
      """
    )
  }

  deinit { PQfinish(connection) }

  /// Whether the connection was alive at the last call.
  public var isConnected: Bool { !isGivenUp && PQstatus(connection) == CONNECTION_OK }

  /// Executes a statement.
  public func execute(_ sql: String) throws(StoreError) {
    PQclear(try result(of: sql, PGRES_COMMAND_OK, PGRES_TUPLES_OK))
  }

  /// Executes a statement, and returns its rows: integers and floating-point numbers as such, all other types
  /// as text.
  public func rows(_ sql: String) throws(StoreError) -> [[SQLValue]] {
    let result = try result(of: sql, PGRES_COMMAND_OK, PGRES_TUPLES_OK)
    defer { PQclear(result) }
    let types = (0..<PQnfields(result)).map { PQftype(result, $0) }
    return (0..<PQntuples(result)).map { row in
      types.indices.map { column in
        guard PQgetisnull(result, row, Int32(column)) == 0 else { return .null }
        let text = String(cString: PQgetvalue(result, row, Int32(column)))
        // OIDs of pg_type.dat: int2, int4, int8; float4, float8, numeric.
        return switch types[column] {
        case 20, 21, 23: Int64(text).map { .integer($0) } ?? .null
        case 700, 701, 1700: Double(text).map { .real($0) } ?? .null
        default: .text(text)
        }
      }
    }
  }

  /// The names of a query's columns.
  public func columns(_ sql: String) throws(StoreError) -> [String] {
    let result = try result(of: "SELECT * FROM (\(sql)) AS it LIMIT 0", PGRES_TUPLES_OK)
    defer { PQclear(result) }
    return (0..<PQnfields(result)).map { String(cString: PQfname(result, $0)) }
  }

  /// Adds rows to a table.
  ///
  /// - Parameters:
  ///   - bytes: the rows in the binary format of `COPY`.
  ///   - table: the table and its columns, as SQL.
  func copy(_ bytes: [UInt8], into table: String) throws(StoreError) {
    PQclear(try result(of: "COPY \(table) FROM STDIN (FORMAT binary)", PGRES_COPY_IN))
    let isQueued = bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let part = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 20))
        guard PQputCopyData(connection, part.baseAddress, Int32(part.count)) == 1 else { return false }
        rest = rest.dropFirst(part.count)
      }
      return PQputCopyEnd(connection, nil) == 1
    }
    guard isQueued else { throw failure() }
    PQclear(try lastResult(PGRES_COMMAND_OK))
  }

  // MARK: Waiting

  private func result(of sql: String, _ expected: ExecStatusType...) throws(StoreError) -> OpaquePointer? {
    guard PQsendQuery(connection, sql) == 1 else { throw failure() }
    return try lastResult(expected)
  }

  private func lastResult(_ expected: ExecStatusType...) throws(StoreError) -> OpaquePointer? {
    try lastResult(expected)
  }

  /// Returns the last result of the current statement, as `PQexec` does.
  private func lastResult(_ expected: [ExecStatusType]) throws(StoreError) -> OpaquePointer? {
    var status = PQflush(connection)
    while status == 1 {
      try wait(for: POLLIN | POLLOUT)
      status = PQflush(connection)
    }
    var last: OpaquePointer?
    while true {
      // If the connection breaks in the meantime, PQgetResult reports it.
      while PQisBusy(connection) == 1 {
        do { try wait(for: POLLIN) } catch {
          PQclear(last)
          throw error
        }
      }
      guard let result = PQgetResult(connection) else { break }
      PQclear(last)
      last = result
      // The server waits for the rows.
      if PQresultStatus(result) == PGRES_COPY_IN { break }
    }
    guard expected.contains(PQresultStatus(last)) else {
      let failure = failure(last)
      PQclear(last)
      throw failure
    }
    return last
  }

  /// Waits until the socket is readable or writable, or until `limits.answer` while the server is alive.
  ///
  /// - Throws: `StoreError` if the server is not alive any more; the connection is then given up.
  private func wait(for events: Int32) throws(StoreError) {
    var descriptor = pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0)
    let count = poll(&descriptor, 1, Int32(clamping: limits.answer * 1000))
    if count < 0, errno == EINTR { return }
    if count == 0, !isServerAlive {
      isGivenUp = true
      throw .failed("the server does not answer")
    }
    PQconsumeInput(connection)
  }

  /// Whether the server answers a new connection.
  private var isServerAlive: Bool {
    let state = Self.withParameters(address, limits) { PQpingParams($0, $1, 1) }
    return state == PQPING_OK || state == PQPING_REJECT
  }

  /// The last error message of the server or of libpq, in one line, with passwords replaced by `***`.
  private func failure(_ result: OpaquePointer? = nil) -> StoreError {
    var words = String(cString: PQerrorMessage(connection)).split { $0.isWhitespace }.joined(separator: " ")
    for secret in secrets {
      words = words.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
    }
    guard !words.isEmpty else { return .failed("the server does not answer") }
    // Classes of SQLSTATE (PostgreSQL's Appendix A): 22 data exception, 23 constraint violation, 54 limit
    // exceeded.
    let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
    return ["22", "23", "54"].contains(state.prefix(2)) ? .refused(words) : .failed(words)
  }

  // MARK: Addresses

  /// Calls `body` with the names and values of all connection parameters.
  private static func withParameters<Result>(
    _ address: String,
    _ limits: PostgreSQLLimits,
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    // Later parameters override earlier ones, so `dbname` with the address comes last.
    var parameters = [
      ("fallback_application_name", "netmine"), ("client_encoding", "UTF8"),
      // So that the loss of the server's machine is noticed within a minute.
      ("tcp_user_timeout", "60000"), ("keepalives_idle", "30"), ("keepalives_interval", "10"),
      ("keepalives_count", "3"),
    ]
    if getenv("PGCONNECT_TIMEOUT") == nil { parameters.append(("connect_timeout", "\(limits.connecting)")) }
    parameters.append(("dbname", address))
    return withStrings(parameters.map(\.0)) { names in
      withStrings(parameters.map(\.1)) { values in body(names, values) }
    }
  }

  /// The passwords in an address.
  ///
  /// - Throws: `StoreError.unreadableAddress` if it cannot be parsed. The error quotes nothing, as the bad
  ///   part may be a password.
  private static func secrets(in address: String) throws(StoreError) -> [String] {
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

  /// Calls `body` with the texts as a list of C strings that ends with nil.
  private static func withStrings<Result>(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    let copies = texts.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return (copies + [nil]).map { UnsafePointer($0) }.withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}
