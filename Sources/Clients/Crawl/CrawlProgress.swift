import BitcoinWire
import Commands
import Crawler
import JSON

/// How far a crawl is.
struct CrawlProgress: Equatable {
  /// Seconds since it began.
  var seconds: Double
  /// Which pass it is in, from 1.
  var pass: Int
  /// How many addresses it remembers.
  var candidates: Int
  /// How many of them are to be dialled as soon as there is room.
  var frontier: Int
  /// How many are being dialled.
  var inFlight: Int
  /// How many connections stand.
  var connected: Int
  /// How many nodes are reachable, by network.
  var reachable: [String: Int]
  /// Dials a second, lately.
  var rate: Double
  /// What has happened so far.
  var counts: Crawl.Counts

  /// How far it is now.
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

  /// Seconds until the frontier is empty, were nothing added; nil where that cannot be told.
  var secondsLeft: Double? { frontier > 0 && rate > 0 ? Double(frontier) / rate : nil }

  /// How many nodes are reachable.
  var reachableCount: Int { reachable.values.reduce(0, +) }

  private var networks: String {
    reachable.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
      .joined(separator: ", ")
  }

  /// All in a line.
  var line: String {
    var line =
      "pass \(pass): \(frontier) in the frontier, \(inFlight) in flight, \(reachableCount) reachable"
    if !reachable.isEmpty { line += " (\(networks))" }
    line += ", \(connected) connected, \(Quantity.perSecond(rate))"
    if let left = secondsLeft { line += ", \(Quantity.age(UInt64(left))) left" }
    return line
  }

  /// All in a few lines.
  var lines: [String] {
    [
      "  running     \(Quantity.age(UInt64(seconds))), pass \(pass)",
      "  reachable   \(reachableCount)" + (reachable.isEmpty ? "" : ": \(networks)"),
      "  connected   \(connected)",
      "  frontier    \(frontier) of \(candidates) addresses, \(inFlight) in flight, \(Quantity.perSecond(rate))"
        + (secondsLeft.map { ", \(Quantity.age(UInt64($0))) left" } ?? ""),
      "  so far      \(Quantity.counted(counts.dials, "dial")), \(Quantity.counted(counts.handshakes, "handshake")), "
        + "\(counts.answers) of \(counts.asks) asked have answered, \(counts.told) addresses told",
    ]
  }

  /// Writes it as JSON.
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
