import BitcoinWire
import Commands
import Configuration
import Crawler

extension CrawlSettings {
  /// The settings in the section `crawl`, without the file of opted-out addresses.
  init(_ configuration: Configuration) {
    self.init()
    let chosen = configuration.crawl
    inFlight = min(chosen.inFlight, configuration.connector.dial.inFlight)
    rate = chosen.rate
    connections = chosen.connections
    candidates = chosen.candidates
    groupQuota = chosen.groupQuota
    connectTimeout = chosen.connectTimeout
    firstTimeout = chosen.firstTimeout
    answerTimeout = chosen.answerTimeout
    askInterval = chosen.askInterval
    passInterval = chosen.passInterval
    backoff = chosen.backoff
    backoffLimit = chosen.backoffLimit
    proxyTimeout = configuration.connector.dial.proxyTimeout
  }

  /// The addresses in the file `crawl.opt_out`, which are never dialled; none if no file is configured.
  ///
  /// - Throws: `ClientFailure` if the file cannot be read, or a line is neither an address nor a network.
  static func optedOut(_ configuration: Configuration) throws(ClientFailure) -> [AddressRange] {
    guard let path = configuration.crawl.optOut else { return [] }
    return try HostFile.read(path).map { (line) throws(ClientFailure) in
      guard let range = AddressRange(line) else {
        throw ClientFailure(.configuration, "\(path): \"\(line)\" is neither an address nor a network.")
      }
      return range
    }
  }
}
