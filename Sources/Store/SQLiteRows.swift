import Bytes

/// Writes rows by a statement that takes several at once, which costs half of one for each, and the rest by one that takes
/// one.
struct SQLiteRows: RowWriter.Sink {
  let batch = 1 << 18

  private let single: SQLiteStatement
  private let several: SQLiteStatement?
  private let rowsAtOnce: Int

  /// Rows that one statement takes at most, and parameters; SQLite's own limit was 999 of these once.
  private static let limit = (rows: 32, parameters: 999)

  /// Prepares statements.
  ///
  /// - Parameter make: makes the statement that takes so many rows.
  init(columnCount: Int, _ make: (Int) throws(StoreError) -> SQLiteStatement) throws(StoreError) {
    rowsAtOnce = max(1, min(Self.limit.rows, Self.limit.parameters / columnCount))
    single = try make(1)
    several = rowsAtOnce > 1 ? try make(rowsAtOnce) : nil
  }

  /// Has a statement take one row after the other.
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

  /// Binds a field; its length, with that of the length.
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
