import ArgumentParser
import BitcoinWire
import Crawler
import EventLoop
import Foundation
import JSON

extension CrawlBench {
  /// Measures how soon a crawl finds every node among addresses without a node, the processor time, and the
  /// memory for its candidates; in simulated time, without sockets.
  func decide() {
    let before = Self.memory("VmRSS")
    var settings = CrawlSettings()
    settings.rate = rate
    settings.inFlight = inFlight
    settings.candidates = candidates
    let network = CrawledNetwork(nodes: nodes, dead: dead, spam: spam)
    var simulation = CrawlSimulation(network, settings)
    let start = Self.processorTime
    var half: Double?
    var most: Double?
    while simulation.found < network.reachableCount, simulation.now < 36_000 {
      simulation.step()
      let share = Double(simulation.found) / Double(network.reachableCount)
      if half == nil, share >= 0.5 { half = simulation.now }
      if most == nil, share >= 0.99 { most = simulation.now }
    }
    let processor = Self.processorTime - start
    let tellings = simulation.crawl.counts.told
    let dials = simulation.crawl.counts.dials
    let known = simulation.crawl.candidateCount
    let resident = Self.memory("VmRSS") - before
    let found = simulation.found
    simulation.fill(to: candidates)
    var json = JSONWriter()
    json.member("nodes", network.reachableCount)
    json.member("found", found)
    json.member("seconds_to_half", half)
    json.member("seconds_to_99_percent", most)
    json.member("seconds_to_all", simulation.now)
    json.member("dials", dials)
    json.member("addresses_told", tellings)
    json.member("candidates_then", known)
    json.member("cpu_seconds", processor)
    json.member("cpu_us_a_node", processor * 1e6 / Double(max(1, found)))
    json.member("cpu_ns_an_address_told", processor * 1e9 / Double(max(1, tellings)))
    json.member("memory_then_mb", resident)
    json.member("candidates", simulation.crawl.candidateCount)
    json.member("memory_mb", Self.memory("VmRSS") - before)
    json.member("memory_peak_mb", Self.memory("VmHWM") - before)
    let line = String(decoding: json.finish(), as: UTF8.self)
    emit(
      self.json
        ? line
        : String(line.dropFirst().dropLast().replacing(",\"", with: "\n\"").replacing("\"", with: ""))
    )
  }

  static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// A line of this process's status, in millions of bytes.
  private static func memory(_ name: String) -> Double {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    return Double(line?.split(whereSeparator: \.isWhitespace).dropFirst().first ?? "0")! * 1024 / 1e6
  }
}
