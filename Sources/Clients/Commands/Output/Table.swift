/// Rows of cells, printed in aligned columns.
public struct Table {
  /// How a column's cells stand.
  public enum Alignment {
    /// Texts.
    case leading
    /// Numbers.
    case trailing
  }

  /// A column's name and how its cells stand.
  public struct Column {
    /// Its name, in the first line.
    public let name: String
    /// How its cells stand.
    public let alignment: Alignment

    /// Describes a column.
    public init(_ name: String, _ alignment: Alignment = .leading) {
      self.name = name
      self.alignment = alignment
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  /// Creates an empty table.
  public init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row with a cell for each column.
  public mutating func add(_ cells: [String]) {
    precondition(cells.count == columns.count)
    rows.append(cells)
  }

  /// The names and the rows, a line each, two spaces between columns, nothing after the last.
  public var lines: [String] {
    let names = columns.map(\.name)
    let widths = columns.indices.map { index in
      ([names] + rows).map { $0[index].count }.max() ?? 0
    }
    return ([names] + rows).map { cells in
      var line = ""
      for (index, cell) in cells.enumerated() {
        let padding = String(repeating: " ", count: widths[index] - cell.count)
        line += columns[index].alignment == .leading ? cell + padding : padding + cell
        line += "  "
      }
      return String(line[...(line.lastIndex { $0 != " " } ?? line.startIndex)])
    }
  }
}
