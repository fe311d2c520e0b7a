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

  /// What SQL calls it.
  public var name: String { Self.names[rawValue] }

  /// The column that SQL calls so.
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

  /// `userAgent` as `user_agent`, `weight2h` as `weight_2h`.
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

  /// The columns whose every change is kept in the table `changes`.
  public static let historical: [NodeColumn] = [
    .state, .version, .services, .userAgent, .relay, .country, .asn, .organization, .hostname, .species,
  ]

  /// Columns of which what they say of an endpoint never changes, once it is known.
  static let constant: [NodeColumn] = [
    .id, .endpoint, .network, .address, .port, .firstAdvertised, .firstTried, .firstReached,
  ]

  /// The columns that say who it is.
  static let identity: [NodeColumn] = [.id, .endpoint, .network, .address, .port]

  /// The columns that an advertisement may change.
  static let advertised: [NodeColumn] = [
    .firstAdvertised, .lastAdvertised, .claimed, .advertisers, .advertisements, .services,
  ]

  /// What it holds, as SQL calls it.
  var type: String {
    switch self {
    case .id: "BIGINT PRIMARY KEY"
    case .endpoint: "TEXT NOT NULL UNIQUE"
    case .network, .address, .state: "TEXT NOT NULL"
    case .reason, .userAgent, .country, .city, .timeZone, .organization, .hostname, .species: "TEXT"
    case .latitude, .longitude: "DOUBLE PRECISION"
    default: isReliability ? "DOUBLE PRECISION" : "BIGINT"
    }
  }

  /// Whether it is of a reliability window.
  private var isReliability: Bool { rawValue >= NodeColumn.weight2h.rawValue }

  /// Whether it holds whole numbers.
  public var isInteger: Bool { type.hasPrefix("BIGINT") }
}
