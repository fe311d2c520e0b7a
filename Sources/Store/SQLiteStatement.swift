import CSQLite

/// A prepared statement of an SQLite database.
final class SQLiteStatement {
  private let connection: OpaquePointer
  private let statement: OpaquePointer?

  /// Prepares a statement.
  init(_ connection: OpaquePointer, _ sql: String) throws(StoreError) {
    self.connection = connection
    var prepared: OpaquePointer?
    guard sqlite3_prepare_v2(connection, sql, -1, &prepared, nil) == SQLITE_OK else {
      throw Self.failure(connection)
    }
    statement = prepared
  }

  deinit { sqlite3_finalize(statement) }

  /// The names of the statement's columns.
  var columnNames: [String] {
    (0..<sqlite3_column_count(statement)).map { String(cString: sqlite3_column_name(statement, $0)) }
  }

  /// Binds null.
  ///
  /// - Parameter index: the parameter's index, from 1.
  func bindNull(at index: Int32) { sqlite3_bind_null(statement, index) }

  /// Binds an integer.
  func bind(_ number: Int64, at index: Int32) { sqlite3_bind_int64(statement, index, number) }

  /// Binds a floating-point number.
  func bind(_ number: Double, at index: Int32) { sqlite3_bind_double(statement, index, number) }

  /// Binds UTF-8 text. It is not copied: it must stay valid until the statement has run. Its address must not
  /// be nil.
  func bind(text: UnsafeRawBufferPointer, at index: Int32) {
    let characters = text.baseAddress?.assumingMemoryBound(to: CChar.self)
    sqlite3_bind_text64(statement, index, characters, UInt64(text.count), nil, UInt8(SQLITE_UTF8))
  }

  /// Binds bytes. They are not copied: they must stay valid until the statement has run.
  func bind(bytes: UnsafeRawBufferPointer, at index: Int32) {
    sqlite3_bind_blob64(statement, index, bytes.baseAddress, UInt64(bytes.count), nil)
  }

  /// Steps to the next row; returns false after the last one.
  func step() throws(StoreError) -> Bool {
    switch sqlite3_step(statement) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default:
      let failure = Self.failure(connection)
      sqlite3_reset(statement)
      throw failure
    }
  }

  /// Runs a statement that returns no rows, and resets it.
  func run() throws(StoreError) {
    while try step() {}
    sqlite3_reset(statement)
  }

  /// The current row.
  func row() -> [SQLValue] { (0..<sqlite3_column_count(statement)).map(value) }

  private func value(_ column: Int32) -> SQLValue {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, column))
    case SQLITE_NULL: return .null
    case SQLITE_BLOB:
      let start = sqlite3_column_blob(statement, column)
      let count = Int(sqlite3_column_bytes(statement, column))
      return .bytes(Array(UnsafeRawBufferPointer(start: start, count: count)))
    default:
      let start = sqlite3_column_text(statement, column)
      let count = Int(sqlite3_column_bytes(statement, column))
      return .text(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
    }
  }

  /// The connection's last error.
  static func failure(_ connection: OpaquePointer) -> StoreError {
    let words = String(cString: sqlite3_errmsg(connection))
    // The low byte of an extended result code is the primary one.
    switch sqlite3_errcode(connection) & 0xff {
    case SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_RANGE: return .refused(words)
    default: return .failed(words)
    }
  }
}
