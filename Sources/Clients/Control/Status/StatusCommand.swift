import ArgumentParser
import Commands
import ControlProtocol
import EventLoop
import LogProtocol
import Steering

/// `netmine status`: reports the state of the log server and the connector.
struct StatusCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show whether the log server and the connector are up, with counts and rates.",
    discussion: """
      Exit status: 0 if both are up, 1 if one is down or the log server refuses the connector, 2 if both are \
      down.
      """
  )

  @Option(
    help: ArgumentHelp(
      "Seconds between the two samples that give the rates; 0 for no rates.",
      valueName: "seconds"
    )
  )
  var interval = 1.0

  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard (0...3600).contains(interval) else {
      throw ValidationError("--interval must be 0 to 3600 seconds.")
    }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let address = try environment.subscribeAddress()
    let probe = LogServerProbe(address, key: environment.key, on: environment.loop)
    defer { probe.close() }
    let session = Self.result { () throws(ClientFailure) in
      try environment.openSession()
    }
    defer { if case .success(let session) = session { session.close() } }

    let start = Clock.monotonic()
    let first = look(probe, session)
    var second = first
    var seconds = 0.0
    if interval > 0, first.isSomethingUp {
      wait(on: environment.loop)
      seconds = Double(Clock.monotonic() - start) / 1e9
      second = look(probe, session)
    }
    let report = StatusReport(
      logServer: Self.pair(first.logServer, second.logServer, seconds),
      connector: Self.pair(first.connector, second.connector, seconds)
    )
    if environment.isJSON {
      environment.output.line(report.json)
    } else {
      for line in report.lines(now: Clock.now()) { environment.output.line(line) }
    }
    return report.exitStatus
  }

  private struct Look {
    let logServer: Result<ServerStatus, ClientFailure>
    let connector: Result<ConnectorStatistics, ClientFailure>

    var isSomethingUp: Bool {
      if case (.failure, .failure) = (logServer, connector) { false } else { true }
    }
  }

  private func look(_ probe: LogServerProbe, _ session: Result<ConnectorSession, ClientFailure>) -> Look {
    Look(
      logServer: Self.result { () throws(ClientFailure) in try probe.status() },
      connector: Self.result { () throws(ClientFailure) in
        let session = try session.get()
        guard case .statistics(let statistics) = try session.request(.statistics, timeout: 5) else {
          throw session.unexpected("statistics")
        }
        return statistics
      }
    )
  }

  private func wait(on loop: EventLoop) {
    var isDue = false
    let timer = TimerWatcher(on: loop) { isDue = true }
    timer.start(after: interval)
    while !isDue { loop.runOnce() }
  }

  private static func pair<Value>(
    _ first: Result<Value, ClientFailure>,
    _ second: Result<Value, ClientFailure>,
    _ seconds: Double
  ) -> Result<Sampled<Value>, ClientFailure> {
    second.map { latest in
      guard case .success(let earlier) = first else {
        return Sampled(first: latest, second: latest, seconds: 0)
      }
      return Sampled(first: earlier, second: latest, seconds: seconds)
    }
  }

  private static func result<Value>(
    _ body: () throws(ClientFailure) -> Value
  ) -> Result<Value, ClientFailure> {
    do throws(ClientFailure) {
      return .success(try body())
    } catch {
      return .failure(error)
    }
  }
}
