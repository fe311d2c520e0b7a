import Bytes
import Glibc

/// Adds rows to a table in bulk, field by field: by prepared INSERTs of several rows (SQLite) or by `COPY`
/// (PostgreSQL). Rows are buffered until there are enough, or until `flush()`. If it throws, the buffered
/// rows are lost.
///
/// The buffer has the binary format of `COPY`: an i16 with the number of fields, then for each field an i32
/// length (-1 for null) and that many bytes, all big-endian.
public final class RowWriter {
  /// The type of a column.
  enum Kind {
    case integer, real, text, bytes
  }

  /// The destination of the rows.
  protocol Sink {
    /// Bytes of rows that make a batch.
    var batch: Int { get }

    /// Writes rows.
    mutating func take(_ rows: Rows) throws(StoreError)
  }

  /// Buffered rows.
  struct Rows {
    /// The type of each column.
    let kinds: [Kind]
    /// The rows, after the header of `COPY`.
    private(set) var bytes: [UInt8] = beginning
    /// The number of rows.
    private(set) var count = 0
    /// The number of fields in the unfinished row.
    private var column = 0

    /// The header of binary `COPY`: a signature, flags and the length of an extension, both 0.
    static let beginning = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0] + [UInt8](repeating: 0, count: 8)

    init(_ kinds: [Kind]) { self.kinds = kinds }

    /// Begins a field of `count` bytes, and its row if it is the first field.
    @inline(__always)
    private mutating func begin(_ count: UInt32) {
      precondition(column < kinds.count, "a row has more fields than the table has columns")
      if column == 0 { bytes.appendBig(UInt16(kinds.count)) }
      bytes.appendBig(count)
      column += 1
    }

    mutating func appendNull() { begin(UInt32.max) }

    mutating func append(_ number: Int64) {
      let isReal = column < kinds.count && kinds[column] == .real
      begin(8)
      bytes.appendBig(isReal ? Double(number).bitPattern : UInt64(bitPattern: number))
    }

    mutating func append(_ number: Double) {
      begin(8)
      bytes.appendBig(number.bitPattern)
    }

    mutating func append(_ field: UnsafeRawBufferPointer) {
      begin(UInt32(clamping: field.count))
      bytes.append(contentsOf: field)
    }

    mutating func endRow() {
      precondition(column == kinds.count, "a row has fewer fields than the table has columns")
      column = 0
      count += 1
    }

    mutating func removeAll() {
      bytes.removeLast(bytes.count - Self.beginning.count)
      count = 0
      column = 0
    }
  }

  private var rows: Rows
  private var sink: any Sink
  private let batch: Int

  /// Creates a writer for a table's columns.
  init(_ table: SQLTable, to sink: any Sink) {
    rows = Rows(
      table.columns.map { column in
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
  public func appendNull() { rows.appendNull() }

  /// Appends an integer, to a column of integers or floating-point numbers.
  public func append(_ number: Int64) { rows.append(number) }

  /// Appends a floating-point number.
  public func append(_ number: Double) { rows.append(number) }

  /// Appends a text without its NULs, which PostgreSQL cannot store.
  public func append(_ text: String) {
    var text = text
    text.withUTF8 { append(text: UnsafeRawBufferPointer($0)) }
  }

  /// Appends UTF-8 text without its NULs.
  public func append(text: UnsafeRawBufferPointer) {
    if let start = text.baseAddress, memchr(start, 0, text.count) != nil {
      text.filter { $0 != 0 }.withUnsafeBytes { rows.append($0) }
    } else {
      rows.append(text)
    }
  }

  /// Appends bytes.
  public func append(bytes: UnsafeRawBufferPointer) { rows.append(bytes) }

  /// Appends a value of the column's type.
  public func append(_ value: SQLValue) {
    switch value {
    case .null: appendNull()
    case .integer(let number): append(number)
    case .real(let number): append(number)
    case .text(let text): append(text)
    case .bytes(let bytes): bytes.withUnsafeBytes { append(bytes: $0) }
    }
  }

  // MARK: Rows

  /// Ends a row. All its fields must have been appended.
  public func endRow() throws(StoreError) {
    rows.endRow()
    if rows.bytes.count >= batch { try flush() }
  }

  /// Appends a row.
  public func append(_ row: [SQLValue]) throws(StoreError) {
    for value in row { append(value) }
    try endRow()
  }

  /// Writes the buffered rows.
  public func flush() throws(StoreError) {
    guard rows.count > 0 else { return }
    defer { discard() }
    try sink.take(rows)
  }

  /// Discards the buffered rows.
  func discard() { rows.removeAll() }
}
