import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol
import LogOptions
import Steering

/// `netmine cycle`: makes connections again.
struct CycleCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "cycle",
    abstract:
      "Reconnect outbound connections, and replace inbound connections by outbound ones.",
    discussion: """
      For example:
        netmine cycle --outbound --rate 20
        netmine cycle --inbound

      An outbound connection is closed and redialled at once. For an inbound connection, the connector dials \
      the peer at the network's default port, then at the port that the peer connects from. If that \
      succeeds, the inbound connection is closed; otherwise it stays. Options of the old connection (proxy, \
      services, user agent) are not remembered: give them again. Exit status: 0 if all peers are connected \
      again, otherwise 1.
      """
  )

  @OptionGroup(title: "Which connections (default: all)") var targets: TargetOptions

  @Option(
    help: ArgumentHelp("Start at most N connects per second. (default: no limit)", valueName: "count")
  )
  var rate: Double?

  @Option(
    help: ArgumentHelp(
      "Seconds to wait for the outcomes after the last connect has started.",
      valueName: "seconds"
    )
  )
  var timeout = 60.0

  @OptionGroup(title: "How to connect") var connecting: ConnectOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard rate ?? 1 > 0 else { throw ValidationError("--rate must be more than 0.") }
    guard timeout >= 0 else { throw ValidationError("--timeout cannot be negative.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try environment.withSession { session throws(ClientFailure) in
      let (found, missing) = try session.connections(targets)
      let status = environment.complain(missing: missing)
      guard !found.isEmpty else {
        environment.output.note("No connections.")
        return status
      }
      var ledger = ConnectLedger()
      var inbound: [String: [UInt32]] = [:]
      for connection in found {
        let endpoint = connection.remote
        let host = endpoint.description
        if connection.direction == .outbound {
          ledger.add(host, at: [endpoint])
        } else {
          inbound[host, default: []].append(connection.id)
          let usual = Endpoint(endpoint.address, port: session.hello.defaultPort)
          ledger.add(host, at: usual == endpoint ? [endpoint] : [usual, endpoint])
        }
      }
      let outbound = found.filter { $0.direction == .outbound }.map(\.id)
      if !outbound.isEmpty { try session.disconnectIfThere(outbound) }
      let report = ConnectReport(environment, total: found.count)
      let run = ConnectRun(session, report, environment, connecting, rate: rate, timeout: timeout)
      let outcome = try run.run(&ledger) { (outcome) throws(ClientFailure) in
        guard let former = inbound.removeValue(forKey: outcome.host) else { return }
        try session.disconnectIfThere(former)
      }
      return status == .succeeded ? outcome : status
    }
  }
}
