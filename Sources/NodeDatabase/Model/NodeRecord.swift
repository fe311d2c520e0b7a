import BitcoinWire
import Observations
import Store

/// A row of the table `nodes`.
public struct NodeRecord: Sendable {
  /// The values, in the order of the columns.
  public var values: [SQLValue]

  /// Takes a row's values.
  init(_ values: [SQLValue]) { self.values = values }

  /// Takes some of a row's values; the others are null, whatever they are.
  init(_ values: some Sequence<SQLValue>, of columns: [NodeColumn]) {
    self.values = [SQLValue](repeating: .null, count: NodeColumn.allCases.count)
    for (value, column) in zip(values, columns) { self[column] = value }
  }

  /// A new row for an endpoint that was heard of now.
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

  /// What a column holds.
  public subscript(column: NodeColumn) -> SQLValue {
    get { values[column.rawValue] }
    set { values[column.rawValue] = newValue }
  }

  /// Its number.
  var id: Int64 { self[.id].integer ?? 0 }

  /// Whom it is about; nil where the text is no endpoint.
  public var endpoint: Endpoint? { self[.endpoint].string.flatMap { Endpoint($0) } }

  /// What is known of it; nil where nothing was known yet.
  public var state: NodeState? { self[.state].string.flatMap { NodeState(rawValue: $0) } }

  /// What it says it offers; nothing where it has not said so.
  public var services: ServiceFlags {
    ServiceFlags(rawValue: UInt64(bitPattern: self[.services].integer ?? 0))
  }

  /// How reliably it was reached lately.
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
