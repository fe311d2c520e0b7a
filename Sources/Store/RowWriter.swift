import Bytes
import Glibc

/// Adds rows to a table in bulk, a field after the other: by prepared insertions of several rows each (SQLite) or by `COPY`
/// (PostgreSQL). Rows wait in memory until there are enough, or until `flush()`. If it throws, the rows that waited are
/// gone.
///
/// Rows wait as `COPY` has them in its binary format: i16 number of fields, then for each i32 length (-1 for null) and
/// that many bytes, all big-endian.
public final class RowWriter {
  /// What a column holds.
  enum Kind {
    case integer, real, text, bytes
  }

  /// What takes the rows.
  protocol Sink {
    /// Bytes of rows that are worth taking.
    var batch: Int { get }

    /// Takes rows.
    mutating func take(_ rows: Rows) throws(StoreError)
  }

  /// Rows that wait.
  struct Rows {
    /// What each column holds.
    let kinds: [Kind]
    /// The rows, after what `COPY` begins with.
    var bytes: [UInt8] = beginning
    /// How many rows there are.
    var count = 0

    /// What binary `COPY` begins with: a mark, flags and the length of an extension, both 0.
    static let beginning = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + [UInt8](repeating: 0, count: 8)
  }

  private var rows: Rows
  private var column = 0
  private var sink: any Sink
  private let batch: Int

  /// Creates a writer of rows with a table's columns.
  init(_ table: SQLTable, to sink: any Sink) {
    rows = Rows(
      kinds: table.columns.map { column in
        switch column.type.prefix(4) {
        case "BIGI": .integer
        case "DOUB": .real
        case "BYTE": .bytes
        default: .text
        }
      }
    )
    self.sink = sink
    batch = sink.batch
  }

  // MARK: Fields

  /// Appends null.
  public func appendNull() { begin(UInt32.max) }

  /// Appends a whole number, to a column of whole or of other numbers.
  public func append(_ number: Int64) {
    let bits = rows.kinds[column] == .real ? Double(number).bitPattern : UInt64(bitPattern: number)
    begin(8)
    rows.bytes.appendBig(bits)
  }

  /// Appends a number.
  public func append(_ number: Double) {
    begin(8)
    rows.bytes.appendBig(number.bitPattern)
  }

  /// Appends a text, without its NULs: PostgreSQL has none.
  public func append(_ text: String) {
    var text = text
    text.withUTF8 { append(text: UnsafeRawBufferPointer($0)) }
  }

  /// Appends a text of UTF-8, without its NULs.
  public func append(text: UnsafeRawBufferPointer) {
    if let start = text.baseAddress, memchr(start, 0, text.count) != nil {
      let clean = text.filter { $0 != 0 }
      begin(UInt32(clamping: clean.count))
      rows.bytes += clean
    } else {
      append(bytes: text)
    }
  }

  /// Appends bytes.
  public func append(bytes: UnsafeRawBufferPointer) {
    begin(UInt32(clamping: bytes.count))
    rows.bytes.append(contentsOf: bytes)
  }

  /// Appends a value of the column's kind.
  public func append(_ value: SQLValue) {
    switch value {
    case .null: appendNull()
    case .integer(let number): append(number)
    case .real(let number): append(number)
    case .text(let text): append(text)
    case .bytes(let bytes): bytes.withUnsafeBytes { append(bytes: $0) }
    }
  }

  /// Begins a field of so many bytes, and its row, if it is the first.
  private func begin(_ count: UInt32) {
    precondition(column < rows.kinds.count, "a row has more fields than the table has columns")
    if column == 0 { rows.bytes.appendBig(UInt16(rows.kinds.count)) }
    rows.bytes.appendBig(count)
    column += 1
  }

  // MARK: Rows

  /// Ends a row, all of whose fields were appended.
  public func endRow() throws(StoreError) {
    precondition(column == rows.kinds.count, "a row has fewer fields than the table has columns")
    column = 0
    rows.count += 1
    if rows.bytes.count >= batch { try flush() }
  }

  /// Appends a row.
  public func append(_ row: [SQLValue]) throws(StoreError) {
    for value in row { append(value) }
    try endRow()
  }

  /// Gives the database the rows that wait.
  public func flush() throws(StoreError) {
    guard rows.count > 0 else { return }
    defer { discard() }
    try sink.take(rows)
  }

  /// Forgets the rows that wait.
  func discard() {
    rows.bytes.removeLast(rows.bytes.count - Rows.beginning.count)
    rows.count = 0
    column = 0
  }
}
