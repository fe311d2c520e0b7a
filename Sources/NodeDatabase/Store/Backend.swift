/// A database that holds the tables. All SQL is the same for each; here is what differs.
protocol Backend: AnyObject {
  /// Does all of `body` or nothing of it, with nobody else writing meanwhile.
  func transaction<Result>(_ body: (any Session) throws -> Result) throws -> Result

  /// Lends what reads, as of one moment.
  func read<Result>(_ body: (any Session) throws -> Result) throws -> Result
}

/// A transaction.
protocol Session: AnyObject {
  /// Does what a statement says.
  func execute(_ sql: String) throws

  /// Gives the rows that a statement returns, one after the other, until `body` says false.
  func forEachRow(_ sql: String, _ body: ([NodeValue]) throws -> Bool) throws

  /// The names of the columns that a statement returns.
  func columns(_ sql: String) throws -> [String]

  /// Adds rows to a table; of tables with a key they replace those that are there.
  func write(_ rows: [[NodeValue]], to table: Table) throws

  /// Changes rows that are there; of their table's columns those that are not named stay as they are.
  ///
  /// - Parameter table: the columns that the rows have, of which the key, `id`, is the first.
  func update(_ rows: [[NodeValue]], of table: Table) throws

  /// Whether there is a table.
  func hasTable(_ name: String) throws -> Bool
}

extension Session {
  /// All rows that a statement returns.
  func rows(_ sql: String) throws -> [[NodeValue]] {
    var rows: [[NodeValue]] = []
    try forEachRow(sql) {
      rows.append($0)
      return true
    }
    return rows
  }

  /// The number that a statement returns; nil where it returns none.
  func integer(_ sql: String) throws -> Int64? { try rows(sql).first?.first?.integer }
}

/// Texts as SQL has them.
enum SQL {
  /// A text as it is written in SQL of either database.
  static func literal(_ text: String) -> String {
    let clean = text.unicodeScalars.filter { $0.value != 0 }.map(String.init).joined()
    return "'\(clean.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''"))'"
  }
}
