import Bytes

/// Writes rows with a statement for several rows, which costs half as much per row, and the rest with a
/// statement for one.
struct SQLiteRows: RowWriter.Sink {
  let batch = 1 << 18

  private let single: SQLiteStatement
  private let several: SQLiteStatement?
  private let rowsAtOnce: Int

  /// The most rows and parameters of one statement. Old versions of SQLite allow 999 parameters.
  private static let limit = (rows: 32, parameters: 999)

  /// Prepares the statements.
  ///
  /// - Parameter make: creates the statement for a number of rows.
  init(columnCount: Int, _ make: (Int) throws(StoreError) -> SQLiteStatement) throws(StoreError) {
    rowsAtOnce = max(1, min(Self.limit.rows, Self.limit.parameters / columnCount))
    single = try make(1)
    several = rowsAtOnce > 1 ? try make(rowsAtOnce) : nil
  }

  /// Writes each row with one statement.
  init(_ statement: SQLiteStatement) {
    single = statement
    several = nil
    rowsAtOnce = 1
  }

  func take(_ rows: RowWriter.Rows) throws(StoreError) {
    let failure = rows.bytes.withUnsafeBytes { bytes -> StoreError? in
      do throws(StoreError) {
        try take(rows.count, rows.kinds, bytes)
        return nil
      } catch { return error }
    }
    if let failure { throw failure }
  }

  private func take(_ rowCount: Int, _ kinds: [RowWriter.Kind], _ bytes: UnsafeRawBufferPointer)
    throws(StoreError)
  {
    var place = RowWriter.Rows.beginning.count
    var left = rowCount
    while left > 0 {
      let (statement, count) =
        if let several, left >= rowsAtOnce { (several, rowsAtOnce) } else { (single, 1) }
      var parameter: Int32 = 1
      for _ in 0..<count {
        place += 2
        for kind in kinds {
          place += bind(kind, bytes[place...], to: statement, at: parameter)
          parameter += 1
        }
      }
      try statement.run()
      left -= count
    }
  }

  /// Binds a field; returns its length, including the four bytes of the length itself.
  @inline(__always)
  private func bind(
    _ kind: RowWriter.Kind,
    _ bytes: Slice<UnsafeRawBufferPointer>,
    to statement: SQLiteStatement,
    at parameter: Int32
  ) -> Int {
    let start = bytes.base.baseAddress! + bytes.startIndex
    let length = Int32(bigEndian: start.loadUnaligned(as: Int32.self))
    guard length >= 0 else {
      statement.bindNull(at: parameter)
      return 4
    }
    let field = UnsafeRawBufferPointer(start: start + 4, count: Int(length))
    switch kind {
    case .integer: statement.bind(Int64(bigEndian: field.loadUnaligned(as: Int64.self)), at: parameter)
    case .real:
      let bits = UInt64(bigEndian: field.loadUnaligned(as: UInt64.self))
      statement.bind(Double(bitPattern: bits), at: parameter)
    case .text: statement.bind(text: field, at: parameter)
    case .bytes: statement.bind(bytes: field, at: parameter)
    }
    return 4 + Int(length)
  }
}
