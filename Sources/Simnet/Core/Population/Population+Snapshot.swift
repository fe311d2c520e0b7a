import BitcoinWire
import Bytes
import JSON

extension Population {
  /// Most bytes of a snapshot.
  static let maximumSnapshotSize = 64 << 20

  /// Most nodes of a snapshot.
  static let maximumSnapshotRows = 200_000

  /// Reads a snapshot of a network's reachable nodes in Bitnodes' format.
  ///
  /// A snapshot is either a list of rows with 15 fields (address, port, protocol version, user agent,
  /// connected since, services, height, host name, city, country, latitude, longitude, time zone, ASN,
  /// organisation), or, as in Bitnodes' API, an object whose member `nodes` maps `address:port` to the last
  /// 13 of them. The type and range of every field is checked, also of unused ones.
  ///
  /// - Throws: `SnapshotError` or `IOError`.
  public static func snapshot(path: String) throws -> Population {
    let bytes = try FileInput.read(path, maximum: maximumSnapshotSize)
    func failure(_ problem: String) -> SnapshotError {
      SnapshotError(path: path, row: nil, field: nil, problem: problem)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("it is not UTF-8") }
    let value: JSONValue
    do { value = try JSONValue(text) } catch { throw failure("it is not JSON: \(error)") }
    let rows = try snapshotRows(value, failure)
    guard !rows.isEmpty else { throw failure("it has no rows") }
    guard rows.count <= maximumSnapshotRows else {
      throw failure("it has more than \(maximumSnapshotRows) rows")
    }
    var readers: [SnapshotRowReader] = []
    for (index, fields) in rows.enumerated() {
      readers.append(try SnapshotRowReader(fields, path: path, row: index + 1))
    }
    let height = mostCommon(readers.map(\.height))
    return Population(readers.map { $0.row(atHeight: height) })
  }

  private static func snapshotRows(
    _ value: JSONValue,
    _ failure: (String) -> SnapshotError
  ) throws -> [[JSONValue]] {
    switch value {
    case .array(let rows):
      return try rows.enumerated().map { index, row in
        guard case .array(let fields) = row else { throw failure("row \(index + 1) is not a list") }
        return fields
      }
    case .object(let members):
      guard case .object(let nodes)? = members["nodes"] else { throw failure("it has no object \"nodes\"") }
      // Sort the names, so that the order is the same in each run.
      return try nodes.sorted { $0.key < $1.key }.map { name, row in
        guard case .array(let fields) = row else { throw failure("\(name) is not a list") }
        guard let endpoint = Endpoint(name) else { throw failure("\(name) is not an address and port") }
        return [.string(endpoint.address.description), .number(String(endpoint.port))] + fields
      }
    default: throw failure("it is neither a list nor an object")
    }
  }

  /// The most common height; the lowest of several.
  private static func mostCommon(_ heights: [Int]) -> Int {
    var counts: [Int: Int] = [:]
    for height in heights { counts[height, default: 0] += 1 }
    return counts.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key ?? 0
  }
}
