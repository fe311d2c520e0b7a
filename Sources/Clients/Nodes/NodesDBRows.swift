import ArgumentParser
import BitcoinWire
import Bytes
import Commands
import JSON
import LogText
import NodeDatabase
import Store

/// The format in which rows are printed.
struct NodesDBFormat: ParsableArguments {
  @Flag(help: "Print JSON, one object per line: times in ns.")
  var json = false

  @Flag(help: "Print comma-separated values after a header line: times in ns.")
  var csv = false

  func validate() throws {
    guard !(json && csv) else { throw ValidationError("--json excludes --csv.") }
  }
}

/// Prints rows with named columns as a table, JSON or CSV.
struct NodesDBRows {
  private let names: [String]
  private let format: NodesDBFormat
  private let output: Output
  private var table: Table
  private var times = TimeText()

  /// Begins the output; CSV prints the header line.
  init(_ names: [String], _ format: NodesDBFormat, _ output: Output) {
    self.names = names
    self.format = format
    self.output = output
    table = Table(names.map { Table.Column(Self.title($0)) })
    if format.csv { output.line(names.joined(separator: ",") + "\r") }
  }

  /// Prints a row, or keeps it for the table; returns false if the reader has closed the output.
  mutating func add(_ values: [SQLValue]) -> Bool {
    if format.json {
      output.lines(Self.json(zip(names, values).map { ($0, $1) }) + [UInt8(ascii: "\n")])
    } else if format.csv {
      output.line(zip(names, values).map { CSV.quoted(Self.plain($0, $1)) }.joined(separator: ",") + "\r")
    } else {
      table.add(zip(names, values).map { cell($0, $1) })
    }
    return !output.isClosed
  }

  /// Prints the table.
  func finish() {
    guard !format.json, !format.csv else { return }
    for line in table.lines where !output.isClosed { output.line(line) }
  }

  private static func title(_ name: String) -> String {
    let words = name.hasSuffix("_ns") ? name.dropLast(3) : name[...]
    return words.split(separator: "_").joined(separator: " ").uppercased()
  }

  private static func isDuration(_ name: String) -> Bool { name == "connect_ns" || name == "handshake_ns" }

  /// A value as text; services are an unsigned number.
  private static func plain(_ name: String, _ value: SQLValue) -> String {
    if name == "services", case .integer(let bits) = value { return "\(UInt64(bitPattern: bits))" }
    return value.description
  }

  /// A value for the table.
  private mutating func cell(_ name: String, _ value: SQLValue) -> String {
    guard value != .null, value.description != "" else { return "-" }
    switch (name, value) {
    case ("services", .integer(let bits)): return "\(ServiceFlags(rawValue: UInt64(bitPattern: bits)))"
    case ("day", .integer(let seconds)):
      return String(
        times.text(UInt64(clamping: seconds).saturating(multiplying: 1_000_000_000), digits: 1).prefix(10)
      )
    case (_, .integer(let number)) where Self.isDuration(name):
      return "\(Quantity.milliseconds(UInt64(clamping: number))) ms"
    case (_, .integer(let number)) where name.hasSuffix("_ns"): return Quantity.time(UInt64(clamping: number))
    case (_, .real(let number)): return "\((number * 10_000).rounded() / 10_000)"
    default: return value.description
    }
  }

  /// A JSON object with a member for each column.
  private static func json(_ members: [(String, SQLValue)]) -> [UInt8] {
    var bytes = Array("{".utf8)
    for (index, (name, value)) in members.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      JSONWriter.append(name, to: &bytes)
      bytes.append(UInt8(ascii: ":"))
      switch value {
      case .null: bytes += "null".utf8
      case .text, .bytes: JSONWriter.append(value.description, to: &bytes)
      case .integer, .real: bytes += plain(name, value).utf8
      }
    }
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }
}

/// A list of columns as an argument: `endpoint,user_agent`.
struct NodesDBColumns: ExpressibleByArgument {
  /// The columns, at least one.
  let columns: [NodeColumn]

  /// The default columns of the table and CSV.
  static let usual: [NodeColumn] = [
    .endpoint, .state, .version, .userAgent, .services, .height, .country, .asn, .lastReached,
  ]

  /// Parses the columns, with or without `_ns`; nil if one of them is unknown.
  init?(argument: String) {
    let parts = argument.lowercased().split(separator: ",", omittingEmptySubsequences: false)
    let columns = parts.compactMap { Self.column(String($0)) }
    guard columns.count == parts.count else { return nil }
    self.columns = columns
  }

  /// The column with a name, with or without `_ns`.
  static func column(_ name: String) -> NodeColumn? {
    NodeColumn(name: name) ?? NodeColumn(name: name + "_ns")
  }
}

/// A sort order as an argument: `height`, or `-height` for the largest first.
struct NodesDBOrder: ExpressibleByArgument {
  /// The column.
  let column: NodeColumn
  /// Whether the largest comes first.
  let isDescending: Bool

  /// Parses an order; nil if the column is unknown.
  init?(argument: String) {
    isDescending = argument.hasPrefix("-")
    guard let column = NodesDBColumns.column(argument.drop { $0 == "-" }.lowercased()) else { return nil }
    self.column = column
  }
}
