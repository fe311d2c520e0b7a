/// A column of the table `nodes`, in the table's order; docs/crawler.md describes them.
public enum NodeColumn: Int, CaseIterable, Sendable {
  case id, endpoint, network, address, port, state, reason, stateSince, firstAdvertised, lastAdvertised,
    claimed
  case advertisers, advertisements, firstTried, lastTried, firstReached, lastReached
  case attempts, successes, failures, connectDuration, handshakeDuration
  case version, services, userAgent, height, relay
  case country, city, latitude, longitude, timeZone, asn, organization, hostname, species
  case weight2h, count2h, reliability2h, weight8h, count8h, reliability8h, weight1d, count1d, reliability1d
  case weight1w, count1w, reliability1w, weight30d, count30d, reliability30d
  case cause, causeCode

  /// The column's name in SQL.
  public var name: String { Self.names[rawValue] }

  /// The column with a name in SQL; nil if there is none.
  public init?(name: String) {
    guard let index = Self.names.firstIndex(of: name) else { return nil }
    self.init(rawValue: index)
  }

  private static let names: [String] = allCases.map { column in
    switch column {
    case .stateSince, .firstAdvertised, .lastAdvertised, .claimed, .firstTried, .lastTried, .firstReached,
      .lastReached:
      snakeCase(column) + "_ns"
    case .connectDuration: "connect_ns"
    case .handshakeDuration: "handshake_ns"
    default: snakeCase(column)
    }
  }

  /// The case's name in snake case: `userAgent` becomes `user_agent`, `weight2h` becomes `weight_2h`.
  private static func snakeCase(_ column: NodeColumn) -> String {
    var text = ""
    var last: Character = "_"
    for letter in "\(column)" {
      if letter.isUppercase || letter.isNumber && !last.isNumber { text += "_" }
      text += letter.lowercased()
      last = letter
    }
    return text
  }

  /// The columns with a history: every change is a row of `changes`.
  public static let historical: [NodeColumn] = [
    .state, .version, .services, .userAgent, .relay, .country, .asn, .organization, .hostname, .species,
  ]

  /// The columns whose value never changes once it is set.
  static let constant: [NodeColumn] = [
    .id, .endpoint, .network, .address, .port, .firstAdvertised, .firstTried, .firstReached,
  ]

  /// The columns that identify the node.
  static let identity: [NodeColumn] = [.id, .endpoint, .network, .address, .port]

  /// The columns that an advertisement may change.
  static let advertised: [NodeColumn] = [
    .firstAdvertised, .lastAdvertised, .claimed, .advertisers, .advertisements, .services,
  ]

  /// The column's type and constraints in SQL.
  var type: String {
    switch self {
    case .id: "BIGINT PRIMARY KEY"
    case .endpoint: "TEXT NOT NULL UNIQUE"
    case .network, .address, .state: "TEXT NOT NULL"
    case .reason, .cause, .userAgent, .country, .city, .timeZone, .organization, .hostname, .species: "TEXT"
    case .latitude, .longitude: "DOUBLE PRECISION"
    default: isReliability ? "DOUBLE PRECISION" : "BIGINT"
    }
  }

  /// Whether the column belongs to a reliability window.
  private var isReliability: Bool {
    (NodeColumn.weight2h.rawValue...NodeColumn.reliability30d.rawValue).contains(rawValue)
  }

  /// Whether the column holds integers.
  public var isInteger: Bool { type.hasPrefix("BIGINT") }
}
