import BitcoinWire
import Commands
import ControlProtocol
import JSON

/// Prints each peer's reaction to an item as it is seen, and a summary at the end.
struct ProbeReport {
  private let environment: ClientEnvironment
  private let addresses: [UInt32: Endpoint]

  /// Creates a report about these connections.
  init(_ environment: ClientEnvironment, _ connections: [ConnectionInfo]) {
    self.environment = environment
    addresses = Dictionary(uniqueKeysWithValues: connections.map { ($0.id, $0.remote) })
  }

  /// Prints a sighting.
  func show(_ sighting: Spread.Sighting) {
    let address = addresses[sighting.connection]?.description
    if environment.isJSON {
      var json = JSONWriter()
      json.member("connection", sighting.connection)
      json.member("address", address)
      json.member("event", sighting.deed.rawValue)
      json.member("hash", sighting.hash.description)
      json.member("time_ns", sighting.time)
      json.member("ms", Double(sighting.delay) / 1e6)
      json.member("upper_bound", sighting.isUpperBound)
      json.member("told", sighting.wasTold)
      return environment.output.line(json)
    }
    let words =
      switch sighting.deed {
      case .asked: "asked for"
      case .announced: "announced"
      case .sent: "sent"
      }
    let bound = sighting.isUpperBound ? "≤ " : ""
    environment.output.line(
      "#\(sighting.connection) \(address ?? "-") \(words) \(sighting.hash.abbreviation) after "
        + "\(bound)\(Quantity.milliseconds(sighting.delay)) ms"
    )
  }

  /// Prints the summary.
  ///
  /// - Parameter chosen: the number of peers chosen to get messages.
  func summarise(_ spread: Spread, chosen: Int) {
    let deeds: [Spread.Deed] = [.asked, .announced, .sent]
    func delays(_ deed: Spread.Deed) -> Distribution {
      Distribution(spread.sightings.filter { $0.deed == deed }.map(\.delay))
    }
    if environment.isJSON {
      var json = JSONWriter()
      json.member("chosen", chosen)
      json.member("told", spread.toldCount)
      json.member("asked", spread.connections(.asked).count)
      json.member("announced", spread.connections(.announced).count)
      json.member("sent", spread.connections(.sent).count)
      json.object("asked_ms") { delays(.asked).write(to: &$0) }
      json.object("announced_ms") { delays(.announced).write(to: &$0) }
      return environment.output.line(json)
    }
    environment.output.note("sent to \(Quantity.counted(spread.toldCount, "peer"))")
    for deed in deeds {
      let count = spread.connections(deed).count
      if count > 0 || deed == .asked {
        let words = deed == .asked ? "asked for it" : deed == .announced ? "announced it" : "sent it"
        let times = count > 0 ? ": \(delays(deed).text)" : ""
        environment.output.note("\(Quantity.counted(count, "peer")) \(words)\(times)")
      }
    }
  }
}
