import Store
import Testing

/// Literals and identifiers in SQL.
@Suite struct SQLTests {
  @Test(arguments: TestDatabase.kinds)
  func quotesWhateverThereIs(_ kind: String) throws {
    let test = try TestDatabase(kind)
    let database = test.database
    for text in ["", "'", "''", "a'b", "\\'", "\"", "it's BIGINT", "ü\u{10ffff}\n"] {
      #expect(try database.rows("SELECT \(SQL.literal(text))") == [[.text(text)]])
      guard !text.isEmpty else { continue }
      #expect(try database.columns("SELECT 1 AS \(SQL.identifier(text))") == [text])
    }
    withExtendedLifetime(test) {}
    #expect(SQL.literal("a\0b") == "'ab'")
  }
}
