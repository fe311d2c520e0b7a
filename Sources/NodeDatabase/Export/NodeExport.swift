import BitcoinWire
import JSON
import Store

/// Nodes in the formats of other programs.
public enum NodeExport {
  /// Rows as export.py of Bitnodes writes them: one JSON array with an array for each node. Its elements are
  /// address, port, version, user agent, start of the connection in seconds since the Unix epoch (here: start
  /// of being reachable), height, hostname, city, country, latitude, longitude, time zone, ASN (`AS64500`)
  /// and organisation.
  public struct Bitnodes {
    private var isFirst = true

    /// Creates a writer; `append` opens the array.
    public init() {}

    /// Appends a node.
    public mutating func append(_ node: NodeRecord, to output: inout [UInt8]) {
      output += (isFirst ? "[" : ",\n").utf8
      isFirst = false
      let since = (node[.stateSince].integer ?? node[.firstReached].integer).map { $0 / 1_000_000_000 }
      let asn = node[.asn].integer.map { SQLValue.text("AS\($0)") } ?? .null
      let fields: [SQLValue] = [
        node[.address], node[.port], node[.version], node[.userAgent], .optional(since), node[.height],
        node[.hostname], node[.city], node[.country], node[.latitude], node[.longitude], node[.timeZone], asn,
        node[.organization],
      ]
      output += "[".utf8
      for (index, field) in fields.enumerated() {
        if index > 0 { output += ", ".utf8 }
        append(field, to: &output)
      }
      output += "]".utf8
    }

    /// Appends the end of the array.
    public func finish(_ output: inout [UInt8]) { output += (isFirst ? "[]\n" : "]\n").utf8 }

    private func append(_ value: SQLValue, to output: inout [UInt8]) {
      switch value {
      case .null: output += "null".utf8
      case .text, .bytes: JSONWriter.append(value.description, to: &output)
      case .integer, .real: output += value.description.utf8
      }
    }
  }

  /// p2p-crawler's CSV of reachable nodes, with the same columns in the same order. Columns without data here
  /// are empty.
  public enum CrawlerCSV {
    /// The header line.
    public static let beginning = names.joined(separator: ",") + "\r\n"

    private static let names = [
      "host", "port", "network", "seed_distance", "handshake_timestamp", "time_connect", "handshake_attempts",
      "handshake_duration", "version", "services", "user_agent", "latest_block", "relay",
      "version_reply_timestamp_remote", "requested_addrs", "advertised_addrs_total", "advertised_addrs_ipv4",
      "advertised_addrs_ipv6", "advertised_addrs_onion_v2", "advertised_addrs_onion_v3",
      "advertised_addrs_i2p",
      "advertised_addrs_cjdns",
    ]

    /// Appends a node. Times are in seconds since the Unix epoch, durations in ms.
    public static func append(_ node: NodeRecord, to output: inout [UInt8]) {
      func seconds(_ column: NodeColumn) -> String {
        node[column].integer.map { "\($0 / 1_000_000_000)" } ?? ""
      }
      func milliseconds(_ column: NodeColumn) -> String {
        node[column].integer.map { "\($0 / 1_000_000)" } ?? ""
      }
      let network = node[.network].description
      let services = node[.services] == .null ? "" : "\(node.services.rawValue)"
      let relay = node[.relay].integer.map { $0 == 0 ? "False" : "True" } ?? ""
      let fields = [
        node[.address].description, node[.port].description, network == "onion" ? "onion_v3" : network, "",
        seconds(.lastReached), milliseconds(.connectDuration), node[.attempts].description,
        milliseconds(.handshakeDuration), node[.version].description, services, node[.userAgent].description,
        node[.height].description, relay,
      ]
      let padding = [String](repeating: "", count: names.count - fields.count)
      output += (fields + padding).map(CSV.quoted).joined(separator: ",").utf8
      output += "\r\n".utf8
    }
  }

  /// The dump of sipa's bitcoin-seeder (`dnsseed.dump`), which Bitcoin Core's makeseeds.py reads. It lists
  /// nodes that were reached at least once, the most reliable first.
  public enum SeederDump {
    /// The header line.
    public static let beginning =
      "# address                                        good  lastSuccess    %(2h)   %(8h)   %(1d)   %(7d)  %(30d)  "
      + "blocks      svcs  version\n"

    /// The nodes that were ever reached, in the order of the dump: by reliability in 30 days, reliability in
    /// a week, version.
    public static func sorted(_ nodes: [NodeRecord]) -> [NodeRecord] {
      let reached = nodes.filter { $0[.firstReached] != .null }
      return reached.sorted { left, right in
        for window in [Reliability.Window.month, .week] {
          let (first, second) = (left.reliability(window).reliability, right.reliability(window).reliability)
          if first != second { return first > second }
        }
        let (first, second) = (left[.version].integer ?? 0, right[.version].integer ?? 0)
        return first == second ? left[.endpoint].description < right[.endpoint].description : first > second
      }
    }

    /// Appends a node.
    public static func append(_ node: NodeRecord, _ rules: SeederRules, to output: inout [UInt8]) {
      let windows = Reliability.Window.allCases.map { window in
        leading(percent(node.reliability(window).reliability), 6) + "%"
      }
      let success = (node[.lastReached].integer ?? 0) / 1_000_000_000
      let services = String(node.services.rawValue, radix: 16)
      let line = [
        trailing(node[.endpoint].description, 47) + " ", leading(rules.isGood(node) ? "1" : "0", 4) + " ",
        leading("\(success)", 11) + " ", windows.joined(separator: " ") + " ",
        leading("\(node[.height].integer ?? 0)", 6) + " ",
        String(repeating: "0", count: max(0, 8 - services.count)) + services + " ",
        leading("\(node[.version].integer ?? 0)", 5), "\"\(sanitized(node[.userAgent].description))\"",
      ]
      output += line.joined(separator: " ").utf8
      output.append(UInt8(ascii: "\n"))
    }

    /// A share as a percentage with two decimals.
    private static func percent(_ share: Double) -> String {
      let hundredths = Int((share * 10_000).rounded())
      let rest = hundredths % 100
      return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    private static func leading(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func trailing(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// The text without the characters that the seeder removes (`SanitizeString`).
    private static func sanitized(_ text: String) -> String {
      let kept = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,;-_/:?@()")
      return text.filter { kept.contains($0) }
    }
  }
}

/// Comma-separated values (RFC 4180).
public enum CSV {
  /// A field, in quotes if it needs them.
  public static func quoted(_ field: String) -> String {
    guard field.utf8.contains(where: { $0 == 0x22 || $0 == 0x2c || $0 == 0x0a || $0 == 0x0d }) else {
      return field
    }
    return "\"\(field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
  }
}
