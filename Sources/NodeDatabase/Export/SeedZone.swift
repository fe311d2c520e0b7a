import BitcoinWire

/// A DNS zone file (RFC 1035) for a seed: addresses of good nodes under the zone's own name, and under a name
/// such as `x9` for each set of services that clients may ask for.
public struct SeedZone: Sendable {
  /// The zone's name; the final dot may be missing.
  public var origin: String
  /// The name server's name; the final dot may be missing.
  public var nameServer: String
  /// The mailbox of the person responsible, as `you.your.example` or `you@your.example`.
  public var mailbox: String
  /// The time to live of the answers, in seconds.
  public var timeToLive = 3600
  /// The serial number of the zone, which must grow with each version.
  public var serial: UInt32
  /// The sets of services with a name, such as `x9` for 0x9. Nodes under a name have all its services.
  public var services = Self.usualServices
  /// Most addresses of each type under each name; nil for as many as an answer of 512 bytes holds.
  public var limit: Int?
  /// The rules for good nodes.
  public var rules: SeederRules
  /// Whether unroutable addresses are left out.
  public var needsRoutable = true

  /// The sets of services that the seeder has names for, and those that Bitcoin Core asks for.
  public static let usualServices: [ServiceFlags] = [
    0x1, 0x5, 0x9, 0xd, 0x49, 0x400, 0x404, 0x408, 0x409, 0x40c, 0x448, 0x449, 0x809, 0x849, 0xc08, 0xc09,
    0xc48,
    0xc49,
  ].map { ServiceFlags(rawValue: $0) }

  /// Creates a zone with default settings.
  public init(origin: String, nameServer: String, mailbox: String, serial: UInt32, rules: SeederRules) {
    self.origin = origin
    self.nameServer = nameServer
    self.mailbox = mailbox
    self.serial = serial
    self.rules = rules
  }

  /// Returns the text of the zone file; nil if there is no good node, so that an empty zone replaces no
  /// other.
  ///
  /// Each name has the most reliable nodes, one of each autonomous system, or of each network group if the
  /// system is unknown.
  ///
  /// - Parameter nodes: the nodes to choose from; unreachable ones are skipped.
  public func text(_ nodes: [NodeRecord]) -> String? {
    let good = NodeExport.SeederDump.sorted(nodes).filter {
      $0.state == .reachable && rules.isGood($0, needsRoutable: needsRoutable)
    }
    let dot = Self.absolute
    let mail = mailbox.split(separator: "@", maxSplits: 1).joined(separator: ".")
    var text = "$TTL \(timeToLive)\n"
    text += "\(dot(origin)) IN SOA \(dot(nameServer)) \(dot(mail)) \(serial) 3600 600 86400 60\n"
    text += "\(dot(origin)) IN NS \(dot(nameServer))\n"
    var hasAddress = false
    let names =
      [(dot(origin), ServiceFlags())]
      + services.map { ("x\(String($0.rawValue, radix: 16)).\(dot(origin))", $0) }
    for (name, services) in names {
      let chosen = good.filter { $0.services.isSuperset(of: services) }.compactMap { node in
        node.endpoint.map { ($0.address, node[.asn].integer) }
      }
      for (type, network, size) in [("A", NetworkID.ipv4, 4), ("AAAA", NetworkID.ipv6, 16)] {
        var systems: Set<Int64> = []
        var groups: Set<NetworkGroup> = []
        var count = 0
        for (address, asn) in chosen where address.network == network {
          guard count < limit ?? Self.capacity(name, size) else { break }
          let isNew = asn.map { systems.insert($0).inserted } ?? groups.insert(address.group).inserted
          guard isNew || !needsRoutable && !address.isRoutable else { continue }
          text += "\(name) IN \(type) \(address)\n"
          count += 1
        }
        hasAddress = hasAddress || count > 0
      }
    }
    return hasAddress ? text : nil
  }

  private static func absolute(_ name: String) -> String { name.hasSuffix(".") ? name : name + "." }

  /// The number of addresses that fit into an answer of 512 bytes, with its header, the question, a cookie
  /// (RFC 7873), and 12 bytes before each address.
  private static func capacity(_ name: String, _ size: Int) -> Int {
    max(1, (512 - 55 - 12 - name.utf8.count - 1 - 4) / (12 + size))
  }
}
