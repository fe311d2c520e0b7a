import BitcoinWire
import Store

extension EndpointFacts {
  /// What it changes of a node.
  ///
  /// What it does not say stays, but for what was said of another place or another autonomous system: the city, the
  /// coordinates and the time zone where one of these or the country is another than before, the organisation where the
  /// number is.
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
