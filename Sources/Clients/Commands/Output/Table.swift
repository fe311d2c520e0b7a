/// Rows of cells, printed in aligned columns.
public struct Table {
  /// The alignment of a column's cells.
  public enum Alignment {
    /// Left, for texts.
    case leading
    /// Right, for numbers.
    case trailing
  }

  /// A column's name and alignment.
  public struct Column {
    /// The name, printed in the first line.
    public let name: String
    /// The alignment of the cells.
    public let alignment: Alignment

    /// Creates a column.
    public init(_ name: String, _ alignment: Alignment = .leading) {
      self.name = name
      self.alignment = alignment
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  /// Creates an empty table.
  public init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row; there must be one cell for each column.
  public mutating func add(_ cells: [String]) {
    precondition(cells.count == columns.count)
    rows.append(cells)
  }

  /// The header and the rows, one line each, with two spaces between columns and no trailing spaces.
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
