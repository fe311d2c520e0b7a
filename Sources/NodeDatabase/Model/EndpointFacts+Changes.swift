import BitcoinWire
import Store

extension EndpointFacts {
  /// The columns that these facts change, with their new values.
  ///
  /// A nil fact keeps the old value, unless the old value belongs to another place or autonomous system. If
  /// the country, city, coordinates or time zone change, missing ones of city, coordinates and time zone are
  /// cleared; if the number of the autonomous system changes, a missing organisation is cleared.
  public func changes(to node: NodeRecord) -> [(column: NodeColumn, value: SQLValue)] {
    func text(_ value: String?) -> SQLValue { .optional(value.map { EscapedText.utf8($0.utf8) }) }
    let told: [(column: NodeColumn, value: SQLValue)] = [
      (.country, text(country)), (.city, text(city)), (.latitude, .optional(latitude)),
      (.longitude, .optional(longitude)), (.timeZone, text(timeZone)), (.asn, .optional(asn)),
      (.organization, text(organization)), (.hostname, text(hostname)), (.species, text(species)),
    ]
    let changes = told.filter { $0.value != .null && $0.value != node[$0.column] }
    func isReplaced(_ columns: [NodeColumn]) -> Bool {
      changes.contains { columns.contains($0.column) && node[$0.column] != .null }
    }
    var former: [NodeColumn] = []
    if isReplaced([.country, .city, .latitude, .longitude, .timeZone]) {
      former += [.city, .latitude, .longitude, .timeZone]
    }
    if isReplaced([.asn]) { former.append(.organization) }
    return changes
      + told.filter { $0.value == .null && node[$0.column] != .null && former.contains($0.column) }
  }
}
