import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol
import JSON
import LogProtocol
import Steering

/// `netmine ping`: measures round-trip times.
struct PingCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "ping",
    abstract: "Measure round-trip times to all peers or to chosen ones.",
    discussion: """
      For example:
        netmine ping --summary --histogram
        netmine ping --to 5 --count 0 --interval 1
        netmine ping --net onion --count 3 --json

      Times come from the log stream. They run from the moment when the connector hands the ping to the \
      system until the kernel receives the pong. So they do not include delays in netmine or in a busy \
      connector. ≤ marks an upper bound: more bytes came with the pong.

      Exit status: 0 if every peer answered every ping, otherwise 1.
      """
  )

  @OptionGroup(title: "Which connections") var targets: TargetOptions

  @Option(help: ArgumentHelp("Send N pings to each peer; 0 is no limit.", valueName: "count"))
  var count = 1

  @Option(help: ArgumentHelp("Seconds between pings.", valueName: "seconds"))
  var interval = 1.0

  @Option(help: ArgumentHelp("Seconds to wait for the pongs of a ping.", valueName: "seconds"))
  var timeout = 5.0

  @Flag(help: "Print only the summary, not each time.")
  var summary = false

  @Flag(help: "Print a histogram of the times.")
  var histogram = false

  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard count >= 0 else { throw ValidationError("--count cannot be negative.") }
    guard (0.01...3600).contains(interval) else {
      throw ValidationError("--interval must be 0.01 to 3600 seconds.")
    }
    guard timeout > 0 else { throw ValidationError("--timeout must be more than 0 seconds.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    var subscription = Subscription(types: [.message, .connection])
    subscription.commands = [.ping, .pong]
    return try environment.withStream(subscription) { session, stream throws(ClientFailure) in
      let (found, missing) = try session.connections(targets)
      _ = environment.complain(missing: missing)
      guard !found.isEmpty else { throw ClientFailure(.someFailed, "There is no open connection to ping.") }
      let tally = try measure(found, session, stream, environment)
      summarise(tally, found.count, environment)
      return missing.isEmpty && tally.expectedCount == 0 && tally.closed.isEmpty ? .succeeded : .someFailed
    }
  }

  private func measure(
    _ connections: [ConnectionInfo],
    _ session: ConnectorSession,
    _ stream: ConnectorStream,
    _ environment: ClientEnvironment
  ) throws(ClientFailure) -> PingTally {
    let addresses = Dictionary(uniqueKeysWithValues: connections.map { ($0.id, $0.remote) })
    let interruption = Interruption(on: environment.loop, isHeard: environment.hearsSignals)
    var tally = PingTally()
    stream.handle = { record in
      guard let roundTrip = tally.note(record), let address = addresses[roundTrip.connection], !summary
      else {
        return
      }
      show(roundTrip, address, environment)
    }
    var round = 0
    while round < count || count == 0, !interruption.hasCome, !environment.output.isClosed {
      let next = Deadline(seconds: interval)
      let ids = connections.map(\.id).filter { !tally.closed.contains($0) }
      guard !ids.isEmpty else { break }
      let nonce = UInt64.random(in: 1 ... .max)
      let message = Network.frame(
        magic: session.hello.magic,
        command: .ping,
        payload: PingMessage(nonce: nonce).bytes
      )
      tally.begin(nonce: nonce, to: ids)
      _ = try session.send(message, named: "ping", to: .connections(ids), timeout: timeout)
      round += 1
      _ = try session.wait(timeout: timeout) { tally.isRoundComplete || interruption.hasCome }
      guard round < count || count == 0 else { break }
      _ = try session.wait(timeout: next.remaining) { interruption.hasCome }
    }
    return tally
  }

  private func show(_ roundTrip: PingTally.RoundTrip, _ address: Endpoint, _ environment: ClientEnvironment) {
    if environment.isJSON {
      var json = JSONWriter()
      json.member("connection", roundTrip.connection)
      json.member("address", address.description)
      json.member("round", roundTrip.round)
      json.member("time_ns", roundTrip.time)
      json.member("ms", Double(roundTrip.duration) / 1e6)
      json.member("upper_bound", roundTrip.isUpperBound)
      return environment.output.line(json)
    }
    let bound = roundTrip.isUpperBound ? "≤ " : ""
    let ping = count == 1 ? "" : " ping \(roundTrip.round)"
    environment.output.line(
      "#\(roundTrip.connection) \(address)\(ping) \(bound)\(Quantity.milliseconds(roundTrip.duration)) ms"
    )
  }

  private func summarise(_ tally: PingTally, _ peerCount: Int, _ environment: ClientEnvironment) {
    let distribution = Distribution(tally.roundTrips.map(\.duration))
    if environment.isJSON {
      var json = JSONWriter()
      json.member("peers", peerCount)
      json.member("pings", tally.sentCount)
      json.member("pongs", tally.roundTrips.count)
      json.member("closed", tally.closed.count)
      json.object("ms") { distribution.write(to: &$0) }
      if histogram {
        json.objects("histogram", distribution.histogram) { json, bin in
          json.member("from_ms", Double(bin.start) / 1e6)
          json.member("to_ms", Double(bin.end) / 1e6)
          json.member("count", bin.count)
        }
      }
      return environment.output.line(json)
    }
    let closed = tally.closed.isEmpty ? "" : ", \(tally.closed.count) closed meanwhile"
    environment.output.line(
      "\(Quantity.counted(peerCount, "peer")), \(tally.sentCount) pings, \(tally.roundTrips.count) pongs\(closed): "
        + distribution.text
    )
    if histogram { for line in distribution.histogramLines { environment.output.line(line) } }
  }
}
