import BitcoinWire
import Observations
import Store

/// A row of the table `nodes`.
public struct NodeRecord: Sendable {
  /// The values in the order of `NodeColumn`.
  public var values: [SQLValue]

  /// Creates a record from all values of a row.
  init(_ values: [SQLValue]) { self.values = values }

  /// Creates a record from some columns of a row. The other columns are null, even if the row has values.
  init(_ values: some Sequence<SQLValue>, of columns: [NodeColumn]) {
    self.values = [SQLValue](repeating: .null, count: NodeColumn.allCases.count)
    for (value, column) in zip(values, columns) { self[column] = value }
  }

  /// Creates a row for an endpoint that the database does not have.
  init(id: Int64, _ endpoint: Endpoint, text: String) {
    values = [SQLValue](repeating: .null, count: NodeColumn.allCases.count)
    self[.id] = .integer(id)
    self[.endpoint] = .text(text)
    self[.network] = .text("\(endpoint.address.network)")
    self[.address] = .text("\(endpoint.address)")
    self[.port] = .number(endpoint.port)
    self[.state] = .text(NodeState.untried.rawValue)
    for column in [NodeColumn.advertisers, .advertisements, .attempts, .successes, .failures] {
      self[column] = .integer(0)
    }
  }

  /// The value of a column.
  public subscript(column: NodeColumn) -> SQLValue {
    get { values[column.rawValue] }
    set { values[column.rawValue] = newValue }
  }

  /// The node's id.
  var id: Int64 { self[.id].integer ?? 0 }

  /// The endpoint; nil if the text cannot be parsed.
  public var endpoint: Endpoint? { self[.endpoint].string.flatMap { Endpoint($0) } }

  /// The state; nil if it has none yet.
  public var state: NodeState? { self[.state].string.flatMap { NodeState(rawValue: $0) } }

  /// The services; none if they are unknown.
  public var services: ServiceFlags {
    ServiceFlags(rawValue: UInt64(bitPattern: self[.services].integer ?? 0))
  }

  /// The reliability within a window.
  public func reliability(_ window: Reliability.Window) -> Reliability {
    let first = Self.firstIndex(window)
    var result = Reliability()
    result.weight = values[first].real ?? 0
    result.count = values[first + 1].real ?? 0
    result.reliability = values[first + 2].real ?? 0
    return result
  }

  mutating func set(_ reliability: Reliability, _ window: Reliability.Window) {
    let first = Self.firstIndex(window)
    values[first] = .real(reliability.weight)
    values[first + 1] = .real(reliability.count)
    values[first + 2] = .real(reliability.reliability)
  }

  private static func firstIndex(_ window: Reliability.Window) -> Int {
    let number =
      switch window {
      case .hours2: 0
      case .hours8: 1
      case .day: 2
      case .week: 3
      case .month: 4
      }
    return NodeColumn.weight2h.rawValue + 3 * number
  }
}
