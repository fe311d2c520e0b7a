import BitcoinWire

/// A region of the world, for latencies on the Internet.
enum Region: UInt8, CaseIterable {
  case northAmerica, southAmerica, europe, africa, southAsia, eastAsia, oceania
  /// Reached through Tor or I2P.
  case hidden

  /// Creates the region of a node in a country on a network.
  ///
  /// - Parameter country: two capital letters (ISO 3166); Europe if nil or not listed.
  init(country: String?, network: NetworkID) {
    if network == .torV3 || network == .i2p {
      self = .hidden
    } else {
      self = country.flatMap { Self.countries[$0] } ?? .europe
    }
  }

  /// One-way delay in ms: half a round trip, from public measurements between data centres of the regions. A
  /// circuit through Tor or a tunnel of I2P crosses the world a few times.
  func delay(to other: Region) -> UInt64 {
    if self == .hidden || other == .hidden { return self == other ? 300 : 180 }
    return Self.delays[Int(rawValue)][Int(other.rawValue)]
  }

  private static let delays: [[UInt64]] = [
    [25, 70, 50, 110, 115, 80, 90],
    [70, 25, 100, 165, 150, 140, 150],
    [50, 100, 12, 75, 65, 115, 135],
    [110, 165, 75, 40, 120, 160, 190],
    [115, 150, 65, 120, 30, 50, 85],
    [80, 140, 115, 160, 50, 25, 60],
    [90, 150, 135, 190, 85, 60, 15],
  ]

  /// Countries outside Europe.
  private static let countries: [String: Region] = {
    let lists: [(Region, String)] = [
      (.northAmerica, "US CA MX GT HN SV NI CR PA CU JM HT DO PR BS BM BB TT KY VG VI BZ GL"),
      (.southAmerica, "BR AR CL CO PE VE EC BO PY UY GY SR GF CW AW BQ"),
      (.africa, "ZA NG KE EG MA DZ TN GH ET TZ UG ZW ZM NA BW MU RE SN CI CM AO MZ MG RW SC LY SD"),
      (.southAsia, "IN PK BD LK NP IR IQ IL JO LB SA AE QA KW BH OM YE TR GE AM AZ KZ UZ KG TJ TM AF MV"),
      (.eastAsia, "CN JP KR HK TW MO SG MY TH VN PH ID KH LA MM BN MN"),
      (.oceania, "AU NZ FJ PG NC PF GU"),
    ]
    var regions: [String: Region] = [:]
    for (region, countries) in lists {
      for country in countries.split(separator: " ") { regions[String(country)] = region }
    }
    return regions
  }()
}
