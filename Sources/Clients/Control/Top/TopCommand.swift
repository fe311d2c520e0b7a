import ArgumentParser
import Commands
import ControlProtocol
import EventLoop
import LogProtocol
import Steering

/// `netmine top`: a live display of traffic.
struct TopCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Show live message rates, busiest and slowest peers, and connection events.",
    discussion: """
      For example:
        netmine top
        netmine top --interval 5 --order bytes --json --count 12

      Keys: q quits; m, b, t and n sort by messages, bytes, totals and name. If stdout is not a terminal, \
      one screen is printed, or --count screens. With --json an object is printed at every interval, until \
      interrupted. Rates come from the log stream. Ping times are the connector's latest measurements.
      """
  )

  @Option(help: ArgumentHelp("Seconds between updates.", valueName: "seconds"))
  var interval = 1.0

  @Option(help: ArgumentHelp("Stop after N updates.", valueName: "count"))
  var count: Int?

  @Option(help: "Initial sort order: messages, bytes, total or name.")
  var order = TopOrder.messages

  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard (0.1...3600).contains(interval) else {
      throw ValidationError("--interval must be 0.1 to 3600 seconds.")
    }
    guard count ?? 1 > 0 else { throw ValidationError("--count must be 1 or more.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try environment.withStream(Subscription(types: [.message, .connection])) {
      session,
      stream throws(ClientFailure) in
      var model = TopModel(at: Clock.monotonic())
      stream.handle = { model.note($0) }
      var order = order
      let isLive = environment.output.isTerminal && !environment.isJSON
      if !isLive { _ = try session.wait(timeout: interval) { false } }
      return try environment.onScreen(
        interval: interval,
        count: count ?? (isLive || environment.isJSON ? nil : 1),
        key: { order = TopOrder(key: $0) ?? order }
      ) { (rows) throws(ClientFailure) in
        // A key press redraws the latest sample; it must not cut the current one short.
        model.sample(at: Clock.monotonic(), atLeast: interval * 0.9)
        guard case .statistics(let statistics) = try session.request(.statistics) else {
          throw session.unexpected("statistics")
        }
        let frame = TopFrame(
          model: model,
          connections: try session.connections().filter { $0.state == .open },
          statistics: statistics,
          order: order,
          now: Clock.now()
        )
        return environment.isJSON ? [.json(frame.json)] : frame.lines(rows: rows).map { .text($0) }
      }
    }
  }
}
