import BitcoinWire

/// The census from which a network's nodes are drawn, one row for each node.
///
/// Rows are drawn without replacement: a network with as many nodes as the census has is exactly the census.
/// Further nodes repeat it.
public struct Population: Sendable {
  /// Rows, each for one or more nodes that a crawler found.
  public let rows: [PopulationRow]

  /// Running sum of the rows' weights, up to and including each row.
  private let ends: [Int]

  /// Creates a population of at least one row.
  init(_ rows: [PopulationRow]) {
    precondition(!rows.isEmpty)
    self.rows = rows
    var sum = 0
    ends = rows.map {
      sum += $0.weight
      return sum
    }
  }

  /// The built-in population: a sample of the main network's nodes.
  public static let sample = Population(
    sampleText.split(separator: "\n").map { line in
      guard let row = PopulationRow(line: line) else { preconditionFailure("\(line) is not a row") }
      return row
    }
  )

  /// Number of nodes that the rows represent.
  public var count: Int { ends[ends.count - 1] }

  /// A hash of all rows, to compare populations.
  var digest: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for row in rows {
      let text = """
        \(row.weight) \(row.network) \(row.address?.description ?? "-") \(row.port) \(row.version) \
        \(row.services.rawValue) \(row.lag) \(row.country ?? "-") \(row.userAgent)
        """
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    return hash
  }

  /// The row of node `index`, and whether the node is in the first pass through the census.
  func row(of index: Int, seed: UInt64) -> (row: PopulationRow, isFirst: Bool) {
    let place = Shuffle(count: count, seed: seed)[index % count]
    var range = 0..<ends.count
    while range.count > 1 {
      let middle = range.lowerBound + range.count / 2
      range = place < ends[middle - 1] ? range.lowerBound..<middle : middle..<range.upperBound
    }
    return (rows[range.lowerBound], index < count)
  }
}

extension PopulationRow {
  /// Parses a line of the built-in sample; nil if it is malformed.
  init?(line: Substring) {
    let fields = line.split(separator: " ", maxSplits: 7)
    guard fields.count == 8, let weight = Int(fields[0]), weight > 0,
      let network = [NetworkID.ipv4, .ipv6, .torV3, .i2p, .cjdns].first(where: { $0.description == fields[1] }
      ),
      let port = UInt16(fields[2]), let version = Int32(fields[3]), let services = UInt64(fields[4]),
      let lag = Int(fields[5])
    else { return nil }
    self.init(
      weight: weight,
      network: network,
      address: nil,
      port: port,
      version: version,
      services: ServiceFlags(rawValue: services),
      lag: lag,
      country: fields[6] == "--" ? nil : String(fields[6]),
      userAgent: String(fields[7])
    )
  }
}
