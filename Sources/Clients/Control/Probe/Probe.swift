import BitcoinWire
import Commands
import ControlProtocol
import LogProtocol
import Steering

/// Sends or announces items to chosen peers, and watches how peers react.
struct Probe {
  /// The records of the log stream that a probe needs.
  static var subscription: Subscription {
    var subscription = Subscription(types: [.message, .connection])
    subscription.commands = Spread.commands
    return subscription
  }

  /// Whether whole items are announced instead of sent.
  var announces = false
  /// Whether items are sent to peers that ask for them.
  var serves = false
  /// Seconds to watch.
  var timeout = 30.0

  private let content: ProbeContent
  private let chosen: [ConnectionInfo]
  private let session: ConnectorSession
  private let environment: ClientEnvironment
  private let report: ProbeReport

  /// Prepares a probe. `chosen` gets the messages; `all` is only used for the addresses in the report.
  init(
    _ content: ProbeContent,
    chosen: [ConnectionInfo],
    all: [ConnectionInfo],
    _ session: ConnectorSession,
    _ environment: ClientEnvironment
  ) {
    self.content = content
    self.chosen = chosen
    self.session = session
    self.environment = environment
    report = ProbeReport(environment, all)
  }

  /// Sends the messages, and watches until `isComplete` or the time-out.
  func run(
    _ stream: ConnectorStream,
    until isComplete: (Spread) -> Bool
  ) throws(ClientFailure) -> ExitStatus {
    let messages = messages()
    var spread = Spread(of: content.hashes, told: messages.map(\.bytes))
    var new: [Spread.Sighting] = []
    stream.handle = { new += spread.note($0) }
    for (bytes, connections) in messages where !connections.isEmpty {
      _ = try session.sendIfThere(bytes, to: connections)
    }
    let interruption = Interruption(on: environment.loop, isHeard: environment.hearsSignals)
    let deadline = Deadline(seconds: timeout)
    var isOver = false
    repeat {
      _ = try session.wait(timeout: deadline.remaining) { !new.isEmpty || interruption.hasCome }
      let sightings = new
      new = []
      for sighting in sightings {
        report.show(sighting)
        guard serves, sighting.deed == .asked, let parcel = content.parcel(sighting.hash) else { continue }
        _ = try session.sendIfThere(framed(parcel.command, parcel.payload), to: [sighting.connection])
      }
      isOver = interruption.hasCome || environment.output.isClosed || isComplete(spread)
    } while !isOver && deadline.remaining > 0
    report.summarise(spread, chosen: chosen.count)
    return spread.sightings.isEmpty ? .someFailed : .succeeded
  }

  /// The messages to send, each with the connections to send it to.
  private func messages() -> [(bytes: [UInt8], connections: [UInt32])] {
    let witnesses = chosen.filter { $0.features.contains(.wtxidRelay) }.map(\.id)
    let others = chosen.filter { !$0.features.contains(.wtxidRelay) }.map(\.id)
    guard announces else {
      var messages = content.parcels.map {
        (bytes: framed($0.command, $0.payload), connections: chosen.map(\.id))
      }
      let named = content.items.filter { content.parcel($0.hash) == nil }
      if !named.isEmpty { messages.append((inventory(named), chosen.map(\.id))) }
      return messages
    }
    return [(inventory(content.witnessItems), witnesses), (inventory(content.items), others)]
  }

  private func inventory(_ items: [InventoryItem]) -> [UInt8] {
    framed(.inv, InventoryMessage(items: items).bytes)
  }

  private func framed(_ command: Command, _ payload: [UInt8]) -> [UInt8] {
    Network.frame(magic: session.hello.magic, command: command, payload: payload)
  }
}
