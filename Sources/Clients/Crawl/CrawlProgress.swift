import BitcoinWire
import Commands
import Crawler
import JSON

/// The progress of a crawl.
struct CrawlProgress: Equatable {
  /// Seconds since the crawl started.
  var seconds: Double
  /// The number of the current pass, from 1.
  var pass: Int
  /// The number of known addresses.
  var candidates: Int
  /// The number of addresses that are due to be dialled.
  var frontier: Int
  /// The number of dials in progress.
  var inFlight: Int
  /// The number of open connections.
  var connected: Int
  /// The number of reachable nodes by network.
  var reachable: [String: Int]
  /// Dials per second in the last seconds; see `CrawlReport`.
  var rate: Double
  /// Totals since the crawl started.
  var counts: Crawl.Counts

  /// The current progress of a crawl.
  init(_ crawl: Crawl, rate: Double, seconds: Double) {
    self.seconds = seconds
    pass = crawl.pass
    candidates = crawl.candidateCount
    frontier = crawl.frontierCount
    inFlight = crawl.inFlightCount
    connected = crawl.connectionCount
    reachable = [:]
    for (network, count) in crawl.reachable where count > 0 { reachable["\(network)"] = count }
    self.rate = rate
    counts = crawl.counts
  }

  /// Estimated seconds until the frontier is empty if no address is added; nil if there is no estimate.
  var secondsLeft: Double? { frontier > 0 && rate > 0 ? Double(frontier) / rate : nil }

  /// The number of reachable nodes.
  var reachableCount: Int { reachable.values.reduce(0, +) }

  private var networks: String {
    reachable.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
      .joined(separator: ", ")
  }

  /// The progress on one line.
  var line: String {
    var line =
      "pass \(pass): \(frontier) in the frontier, \(inFlight) in flight, \(reachableCount) reachable"
    if !reachable.isEmpty { line += " (\(networks))" }
    line += ", \(connected) connected, \(Quantity.perSecond(rate))"
    if let left = secondsLeft { line += ", \(Quantity.age(UInt64(left))) left" }
    return line
  }

  /// The progress on several lines.
  var lines: [String] {
    [
      "  running     \(Quantity.age(UInt64(seconds))), pass \(pass)",
      "  reachable   \(reachableCount)" + (reachable.isEmpty ? "" : ": \(networks)"),
      "  connected   \(connected)",
      "  frontier    \(frontier) of \(candidates) addresses, \(inFlight) in flight, \(Quantity.perSecond(rate))"
        + (secondsLeft.map { ", \(Quantity.age(UInt64($0))) left" } ?? ""),
      "  so far      \(Quantity.counted(counts.dials, "dial")), \(Quantity.counted(counts.handshakes, "handshake")), "
        + "\(counts.answers) of \(counts.asks) getaddr answered, \(counts.told) addresses received",
    ]
  }

  /// Adds the progress to a JSON object.
  func write(to json: inout JSONWriter) {
    json.member("seconds", seconds)
    json.member("pass", pass)
    json.member("candidates", candidates)
    json.member("frontier", frontier)
    json.member("in_flight", inFlight)
    json.member("connected", connected)
    json.member("reachable", reachableCount)
    json.objects("networks", reachable.sorted { $0.key < $1.key }) { json, entry in
      json.member("network", entry.key)
      json.member("reachable", entry.value)
    }
    json.member("dials_per_second", rate)
    json.member("seconds_left", secondsLeft)
    json.member("dials", counts.dials)
    json.member("handshakes", counts.handshakes)
    json.member("asked", counts.asks)
    json.member("answered", counts.answers)
    json.member("told", counts.told)
    json.member("inadmissible", counts.inadmissible)
    json.member("over_quota", counts.overQuota)
  }
}
