import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol
import LogOptions
import Steering

/// `netmine cycle`: makes connections anew.
struct CycleCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "cycle",
    abstract:
      "Reconnect every connection that we opened, and turn those that peers opened into ones of ours.",
    discussion: """
      For example:
        netmine cycle --outbound --rate 20
        netmine cycle --inbound

      A connection that we opened is closed and dialled again at once. A peer that connected to us is dialled at the \
      network's usual port, then at the one it connects from; where that succeeds the connection that it opened is \
      closed, otherwise it stays. How a connection was made (proxy, services, user agent) is not remembered: say it \
      again. Exit status 0 when all are connected again, 1 when some are not.
      """
  )

  @OptionGroup(title: "Which connections; without, all") var targets: TargetOptions

  @Option(
    help: ArgumentHelp("Begin at most so many connects a second. (default: no limit)", valueName: "count")
  )
  var rate: Double?

  @Option(
    help: ArgumentHelp(
      "Seconds to wait for the outcomes, once the last connect has begun.",
      valueName: "seconds"
    )
  )
  var timeout = 60.0

  @OptionGroup(title: "How to connect") var connecting: ConnectOptions
  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard rate ?? 1 > 0 else { throw ValidationError("--rate is more than 0.") }
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
