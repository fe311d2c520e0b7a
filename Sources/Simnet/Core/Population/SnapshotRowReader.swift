import BitcoinWire
import JSON

/// A row of a snapshot, with every field checked.
struct SnapshotRowReader {
  /// Names of the fields, for error messages.
  static let names = [
    "address", "port", "protocol version", "user agent", "connected since", "services", "height", "host name",
    "city",
    "country", "latitude", "longitude", "time zone", "ASN", "organisation",
  ]

  /// Most bytes of a user agent (`MAX_SUBVERSION_LENGTH`).
  static let maximumUserAgent = 256

  /// Most bytes of any other text.
  static let maximumText = 1024

  /// Height of the best block that the node claims to have.
  let height: Int

  private let address: NetworkAddress
  private let port: UInt16
  private let version: Int32
  private let services: UInt64
  private let userAgent: String
  private let country: String?

  /// Checks a row.
  ///
  /// - Parameter row: its number in the file, from 1.
  init(_ fields: [JSONValue], path: String, row: Int) throws(SnapshotError) {
    guard fields.count == Self.names.count else {
      let problem = "it has \(fields.count) fields, not \(Self.names.count)"
      throw SnapshotError(path: path, row: row, field: nil, problem: problem)
    }
    let place = Place(fields: fields, path: path, row: row)
    let name = try place.text(0)
    guard let address = NetworkAddress(name), address.isValid else {
      throw place.failure(0, "\"\(name.prefix(80))\" is not an address")
    }
    // Bitnodes lists CJDNS addresses as the IPv6 addresses that they resemble.
    if case .ipv6(let number) = address, number >> 120 == 0xfc {
      self.address = .cjdns(number)
    } else {
      self.address = address
    }
    port = try place.number(1)
    guard port > 0 || self.address.network == .i2p else { throw place.failure(1, "it is 0") }
    version = try place.number(2)
    userAgent = try place.text(3, maximum: Self.maximumUserAgent)
    let _: UInt64 = try place.number(4)
    services = try place.number(5)
    height = Int(try place.number(6) as Int32)
    for text in [7, 8, 12, 13, 14] { _ = try place.optionalText(text) }
    country = try place.optionalText(9)
    if let country {
      let isCode = country.utf8.count == 2 && country.utf8.allSatisfy { (65...90).contains($0) }
      guard isCode else { throw place.failure(9, "\"\(country.prefix(80))\" is not two capital letters") }
    }
    try place.degrees(10, limit: 90)
    try place.degrees(11, limit: 180)
  }

  /// The census row, given the height that most nodes claim.
  func row(atHeight height: Int) -> PopulationRow {
    PopulationRow(
      weight: 1,
      network: address.network,
      address: address,
      port: port,
      version: version,
      services: ServiceFlags(rawValue: services),
      lag: height - self.height,
      country: country,
      userAgent: userAgent
    )
  }
}

/// The fields of a row and its place in the file.
private struct Place {
  let fields: [JSONValue]
  let path: String
  let row: Int

  func failure(_ field: Int, _ problem: String) -> SnapshotError {
    SnapshotError(path: path, row: row, field: SnapshotRowReader.names[field], problem: problem)
  }

  func text(_ field: Int, maximum: Int = SnapshotRowReader.maximumText) throws(SnapshotError) -> String {
    guard case .string(let text) = fields[field] else { throw failure(field, "it is not text") }
    guard text.utf8.count <= maximum else { throw failure(field, "it has more than \(maximum) bytes") }
    return text
  }

  func optionalText(_ field: Int) throws(SnapshotError) -> String? {
    if case .null = fields[field] { return nil }
    return try text(field)
  }

  func number<T: FixedWidthInteger>(_ field: Int) throws(SnapshotError) -> T {
    guard case .number(let digits) = fields[field], let number = T(digits), number >= 0 else {
      throw failure(field, "it is not a whole number from 0 to \(T.max)")
    }
    return number
  }

  func degrees(_ field: Int, limit: Double) throws(SnapshotError) {
    if case .null = fields[field] { return }
    guard case .number(let digits) = fields[field], let number = Double(digits), abs(number) <= limit else {
      throw failure(field, "it is not a number from -\(Int(limit)) to \(Int(limit))")
    }
  }
}
