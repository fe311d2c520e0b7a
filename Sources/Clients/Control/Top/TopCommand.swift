import ArgumentParser
import Commands
import ControlProtocol
import EventLoop
import LogProtocol
import Steering

/// `netmine top`: a live screen.
struct TopCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Show live what goes on: rates by command, busiest and slowest peers, connection events.",
    discussion: """
      For example:
        netmine top
        netmine top --interval 5 --order bytes --json --count 12

      Keys: q ends it; m, b, t and n order by messages, bytes, totals and name. Where stdout is no terminal it prints \
      one screen, or --count of them; --json an object each time, until it is interrupted. Rates are from the log \
      stream, pings as the connector last measured them.
      """
  )

  @Option(help: ArgumentHelp("Seconds from one picture to the next.", valueName: "seconds"))
  var interval = 1.0

  @Option(help: ArgumentHelp("Stop after so many pictures.", valueName: "count"))
  var count: Int?

  @Option(help: "What comes first at the start: messages, bytes, total or name.")
  var order = TopOrder.messages

  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard (0.1...3600).contains(interval) else { throw ValidationError("--interval is 0.1 to 3600 seconds.") }
    guard count ?? 1 > 0 else { throw ValidationError("--count is at least 1.") }
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
        // A key draws anew what was measured; it does not cut a sample short.
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
