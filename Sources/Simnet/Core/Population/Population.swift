import BitcoinWire

/// Who the nodes of a network are: the rows of a census, of which each node is one.
///
/// The nodes are drawn from the rows without putting any back, so that as many nodes as there are rows are just
/// those of the census; then all over again.
public struct Population: Sendable {
  /// What a crawler found.
  public let rows: [PopulationRow]

  /// For how many nodes the rows up to and with each one stand.
  private let ends: [Int]

  /// A population of at least one row.
  init(_ rows: [PopulationRow]) {
    precondition(!rows.isEmpty)
    self.rows = rows
    var sum = 0
    ends = rows.map {
      sum += $0.weight
      return sum
    }
  }

  /// The built-in one: some rows of a snapshot of the main network.
  public static let sample = Population(
    sampleText.split(separator: "\n").map { line in
      guard let row = PopulationRow(line: line) else { preconditionFailure("\(line) is no row") }
      return row
    }
  )

  /// For how many nodes all rows stand.
  public var count: Int { ends[ends.count - 1] }

  /// Tells populations apart: a hash of all rows.
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

  /// What node `index` of a network is, and whether it is the first to be so.
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
  /// Reads a line of the built-in sample; nil where it is none.
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
