import CPostgreSQL
import Glibc

/// How long a PostgreSQL server is waited for. What the address, libpq's environment variables or the server's own
/// settings say of the same holds instead.
public struct PostgreSQLLimits: Sendable {
  /// Seconds until a connection is there, for each of the server's addresses; libpq makes 2 of 1.
  public var connecting = 10
  /// Seconds that a statement waits for a lock of another session.
  public var lock = 30
  /// Seconds without an answer after which the server is asked for a sign of life, again and again: a statement may take
  /// as long as the server lives.
  public var answer = 30

  /// The defaults.
  public init() {}
}

/// A connection to a PostgreSQL server; each call waits for the server's answer.
public final class PostgreSQLConnection {
  private let connection: OpaquePointer
  private let address: String
  private let secrets: [String]
  private let limits: PostgreSQLLimits
  private var isGivenUp = false

  /// Connects.
  ///
  /// - Parameter address: `postgresql://…`, `key=value` words, or a database's name, as of libpq; what it leaves
  ///   out is taken from libpq's environment variables and files.
  public init(_ address: String, _ limits: PostgreSQLLimits = PostgreSQLLimits()) throws(StoreError) {
    secrets = try Self.secrets(in: address)
    (self.address, self.limits) = (address, limits)
    connection = Self.withParameters(address, limits) { PQconnectdbParams($0, $1, 1) }!
    guard PQstatus(connection) == CONNECTION_OK else { throw failure() }
    // No call waits for the server but `wait(for:)`.
    PQsetnonblocking(connection, 1)
    // Nobody reads the server's notices.
    PQsetNoticeProcessor(connection, { _, _ in }, nil)
    // Not as `options` of the connection: proxies refuse these.
    try execute(
      """
      SELECT set_config('lock_timeout', '\(limits.lock)s', false) FROM pg_settings \
      WHERE name = 'lock_timeout' AND source = 'default'
      """
    )
  }

  deinit { PQfinish(connection) }

  /// Whether the server was there at the last call.
  public var isConnected: Bool { !isGivenUp && PQstatus(connection) == CONNECTION_OK }

  /// Executes a statement.
  public func execute(_ sql: String) throws(StoreError) {
    PQclear(try result(of: sql, PGRES_COMMAND_OK, PGRES_TUPLES_OK))
  }

  /// Executes a statement, and gives the rows that it returns: whole numbers and numbers as such, all else as text.
  public func rows(_ sql: String) throws(StoreError) -> [[SQLValue]] {
    let result = try result(of: sql, PGRES_COMMAND_OK, PGRES_TUPLES_OK)
    defer { PQclear(result) }
    let types = (0..<PQnfields(result)).map { PQftype(result, $0) }
    return (0..<PQntuples(result)).map { row in
      types.indices.map { column in
        guard PQgetisnull(result, row, Int32(column)) == 0 else { return .null }
        let text = String(cString: PQgetvalue(result, row, Int32(column)))
        // The numbers of types in pg_type.dat: int2, int4, int8; float4, float8, numeric.
        return switch types[column] {
        case 20, 21, 23: Int64(text).map { .integer($0) } ?? .null
        case 700, 701, 1700: Double(text).map { .real($0) } ?? .null
        default: .text(text)
        }
      }
    }
  }

  /// The names of the columns that a query returns.
  public func columns(_ sql: String) throws(StoreError) -> [String] {
    let result = try result(of: "SELECT * FROM (\(sql)) AS it LIMIT 0", PGRES_TUPLES_OK)
    defer { PQclear(result) }
    return (0..<PQnfields(result)).map { String(cString: PQfname(result, $0)) }
  }

  /// Adds rows to a table.
  ///
  /// - Parameters:
  ///   - bytes: the rows, as `COPY` has them in its binary format.
  ///   - table: the table as it is written in SQL.
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

  /// The last result of what was sent, as of `PQexec`.
  private func lastResult(_ expected: [ExecStatusType]) throws(StoreError) -> OpaquePointer? {
    var status = PQflush(connection)
    while status == 1 {
      try wait(for: POLLIN | POLLOUT)
      status = PQflush(connection)
    }
    var last: OpaquePointer?
    while true {
      // If the connection breaks meanwhile, PQgetResult says so.
      while PQisBusy(connection) == 1 {
        do { try wait(for: POLLIN) } catch {
          PQclear(last)
          throw error
        }
      }
      guard let result = PQgetResult(connection) else { break }
      PQclear(last)
      last = result
      // The server waits for rows.
      if PQresultStatus(result) == PGRES_COPY_IN { break }
    }
    guard expected.contains(PQresultStatus(last)) else {
      let failure = failure(last)
      PQclear(last)
      throw failure
    }
    return last
  }

  /// Waits until the server sends something, or takes something.
  ///
  /// - Throws: `StoreError` if it gives no sign of life; then the connection is not used any more.
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

  /// Whether the server answers somebody who connects.
  private var isServerAlive: Bool {
    let state = Self.withParameters(address, limits) { PQpingParams($0, $1, 1) }
    return state == PQPING_OK || state == PQPING_REJECT
  }

  /// What the server or the library said last, in a line, without passwords.
  private func failure(_ result: OpaquePointer? = nil) -> StoreError {
    var words = String(cString: PQerrorMessage(connection)).split { $0.isWhitespace }.joined(separator: " ")
    for secret in secrets {
      words = words.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "***")
    }
    guard !words.isEmpty else { return .failed("the server does not answer") }
    // Classes of SQLSTATE (PostgreSQL's Appendix A): 22, data that cannot be; 23, a constraint; 54, a limit of the program.
    let state = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) } ?? ""
    return ["22", "23", "54"].contains(state.prefix(2)) ? .refused(words) : .failed(words)
  }

  // MARK: Addresses

  /// Calls `body` with the names and values of all parameters of a connection.
  private static func withParameters<Result>(
    _ address: String,
    _ limits: PostgreSQLLimits,
    _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    // What follows them in the list, `dbname` with the address in it, overrides them.
    var parameters = [
      ("fallback_application_name", "netmine"), ("client_encoding", "UTF8"),
      // A server whose machine is gone is noticed within a minute.
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
  /// - Throws: `StoreError` if it cannot be read; without a word of it, as what is wrong may be a password.
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
