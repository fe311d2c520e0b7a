import Access
import ArgumentParser
import Bytes
import Configuration
import Daemon
import EventLoop
import Glibc

/// A subcommand of `netmine`.
protocol ClientCommand: ParsableCommand {
  /// The options every program takes.
  var common: CommonOptions { get }

  /// Where its own options say that the connector takes commands.
  var control: String? { get }

  /// Whether to print JSON.
  var isJSON: Bool { get }

  /// Does what was asked and says how it went.
  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus
}

extension ClientCommand {
  /// Runs on a loop of its own with the program's own output; shows errors as sentences on stderr.
  func run() throws {
    do throws(IOError) {
      try DescriptorRoom.check()
    } catch {
      Output.standard.complain("\(error)")
      throw ExitStatus.someFailed.code
    }
    let status = run(on: EventLoop(), output: .standard, hearsSignals: true)
    guard status == .succeeded else { throw status.code }
  }

  /// Runs on this loop with this output.
  ///
  /// - Parameter hearsSignals: whether signals to the process are for it.
  func run(on loop: EventLoop, output: Output, hearsSignals: Bool = false) -> ExitStatus {
    let (status, sentence) = attempt(on: loop, output, hearsSignals)
    if let sentence { output.complain(sentence) }
    guard let failure = output.failure else { return status }
    // What could not be printed counts, whatever else happened.
    let words = "\(failure)."
    if sentence != words { output.complain(words) }
    return .someFailed
  }

  /// Does what was asked; returns how it went, and what there is to complain of.
  private func attempt(
    on loop: EventLoop,
    _ output: Output,
    _ hearsSignals: Bool
  ) -> (ExitStatus, complaint: String?) {
    do {
      let configuration = try common.configuration()
      let status = try execute(
        ClientEnvironment(
          loop: loop,
          output: output,
          configuration: configuration,
          controlAddress: control.map { SocketAddress(server: $0) }
            ?? .unix(configuration.connector.controlPath),
          key: try configuration.readAccessKey().flatMap(AccessKey.init),
          isJSON: isJSON,
          hearsSignals: hearsSignals
        )
      )
      return (status, nil)
    } catch let failure as ClientFailure {
      return (failure.status, failure.sentence)
    } catch {
      return (error is ConfigurationError ? .configuration : .someFailed, "\(error)")
    }
  }
}

/// A subcommand that talks to the connector.
protocol ControlCommand: ClientCommand {
  /// The options every such command takes.
  var options: ClientOptions { get }
}

extension ControlCommand {
  var common: CommonOptions { options.common }
  var control: String? { options.control }
  var isJSON: Bool { options.json }
}

/// What a client command works with.
struct ClientEnvironment {
  /// The loop it waits on.
  let loop: EventLoop
  /// Where it prints.
  let output: Output
  /// What the operator chose.
  let configuration: Configuration
  /// Where the connector takes commands.
  let controlAddress: SocketAddress
  /// What to prove to servers on TCP; nil for none.
  let key: AccessKey?
  /// Whether to print JSON.
  let isJSON: Bool
  /// Whether signals to the process are for the command.
  let hearsSignals: Bool

  /// A session with the connector.
  ///
  /// - Throws: `ClientFailure` also if this is root and somebody else could have put the socket there.
  func openSession() throws(ClientFailure) -> ControlSession {
    try ControlSession(to: trusted(controlAddress, key: "logger.root"), key: key, on: loop)
  }

  /// Where the log server takes readers.
  ///
  /// - Throws: `ClientFailure` if this is root and somebody else could have put the socket there.
  func subscribeAddress() throws(ClientFailure) -> SocketAddress {
    let key = "logger.subscribe_address"
    return try trusted(SocketAddress(server: configuration.logger.subscribeAddress), key: key)
  }

  /// Where the log server takes sources.
  ///
  /// - Throws: `ClientFailure` if this is root and somebody else could have put the socket there.
  func publishAddress() throws(ClientFailure) -> SocketAddress {
    try trusted(SocketAddress(server: configuration.logger.publishAddress), key: "logger.publish_address")
  }

  /// Checks the folder of the database that the configuration, or our default, names, and makes it.
  ///
  /// - Parameters:
  ///   - place: a file's path, or an URL, of which nothing is checked.
  ///   - isReadOnly: whether it has to be there.
  /// - Throws: `ClientFailure` if this is root and somebody else could move the file.
  func prepareFolder(ofDatabase place: String, isReadOnly: Bool) throws(ClientFailure) {
    guard !place.contains("://"), let slash = place.lastIndex(of: "/") else { return }
    let folder = String(place[..<slash])
    if geteuid() == 0 {
      do throws(UntrustedFolder) {
        try FolderTrust(configuration).check(folder, key: "node_database.place")
      } catch {
        throw ClientFailure(.someFailed, "\(error).")
      }
    }
    guard !isReadOnly else { return }
    do throws(IOError) { try Folder.create(folder) } catch { throw ClientFailure(.someFailed, "\(error).") }
  }

  private func trusted(_ address: SocketAddress, key: String) throws(ClientFailure) -> SocketAddress {
    guard case .unix(let path) = address else { return address }
    do throws(UntrustedFolder) { try FolderTrust(configuration).checkSocket(path, key: key) } catch {
      throw ClientFailure(.someFailed, "\(error).")
    }
    return address
  }

  /// Opens a session with the connector, lends it and closes it.
  func withSession(
    _ body: (ControlSession) throws(ClientFailure) -> ExitStatus
  ) throws(ClientFailure) -> ExitStatus {
    let session = try openSession()
    defer { session.close() }
    return try body(session)
  }
}
