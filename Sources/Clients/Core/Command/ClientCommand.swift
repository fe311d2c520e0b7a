import Access
import ArgumentParser
import Bytes
import Configuration
import Daemon
import EventLoop
import Glibc

/// A subcommand of `netmine`.
protocol ClientCommand: ParsableCommand {
  /// The options that all programs have.
  var common: CommonOptions { get }

  /// The connector's control address from the command's options; nil to use the configured one.
  var control: String? { get }

  /// Whether to print JSON.
  var isJSON: Bool { get }

  /// Executes the command and returns its exit status.
  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus
}

extension ClientCommand {
  /// Runs on a new event loop, printing to stdout and stderr. Prints errors as sentences on stderr.
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

  /// Runs on a given event loop with a given output.
  ///
  /// - Parameter hearsSignals: whether signals to the process are for this command.
  func run(on loop: EventLoop, output: Output, hearsSignals: Bool = false) -> ExitStatus {
    let (status, sentence) = attempt(on: loop, output, hearsSignals)
    if let sentence { output.complain(sentence) }
    guard let failure = output.failure else { return status }
    // An output error makes the command fail, whatever else happened.
    let words = "\(failure)."
    if sentence != words { output.complain(words) }
    return .someFailed
  }

  /// Executes the command; returns its exit status and a sentence about an error, if there was one.
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

/// A subcommand that connects to the connector.
protocol ControlCommand: ClientCommand {
  /// The options that all such commands have.
  var options: ClientOptions { get }
}

extension ControlCommand {
  var common: CommonOptions { options.common }
  var control: String? { options.control }
  var isJSON: Bool { options.json }
}

/// The surroundings that a client command runs in.
struct ClientEnvironment {
  /// The event loop to wait on.
  let loop: EventLoop
  /// The destination of results and complaints.
  let output: Output
  /// The configuration, with the command line's overrides.
  let configuration: Configuration
  /// The connector's control address.
  let controlAddress: SocketAddress
  /// The key to prove to servers over TCP; nil for none.
  let key: AccessKey?
  /// Whether to print JSON.
  let isJSON: Bool
  /// Whether signals to the process are for this command.
  let hearsSignals: Bool

  /// Opens a session with the connector.
  ///
  /// - Throws: `ClientFailure`, also if this process is root and another user could have put the socket
  ///   there.
  func openSession() throws(ClientFailure) -> ControlSession {
    try ControlSession(to: trusted(controlAddress, key: "logger.root"), key: key, on: loop)
  }

  /// The log server's address for readers.
  ///
  /// - Throws: `ClientFailure` if this process is root and another user could have put the socket there.
  func subscribeAddress() throws(ClientFailure) -> SocketAddress {
    let key = "logger.subscribe_address"
    return try trusted(SocketAddress(server: configuration.logger.subscribeAddress), key: key)
  }

  /// The log server's address for sources.
  ///
  /// - Throws: `ClientFailure` if this process is root and another user could have put the socket there.
  func publishAddress() throws(ClientFailure) -> SocketAddress {
    try trusted(SocketAddress(server: configuration.logger.publishAddress), key: "logger.publish_address")
  }

  /// Checks the folder of the node database, and creates it if it is missing.
  ///
  /// - Parameters:
  ///   - place: a file's path, or a URL; nothing is checked for a URL.
  ///   - isReadOnly: whether the database must exist already; then no folder is created.
  /// - Throws: `ClientFailure` if this process is root and another user could move the file.
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

  /// Opens a session with the connector, passes it to `body` and closes it.
  func withSession(
    _ body: (ControlSession) throws(ClientFailure) -> ExitStatus
  ) throws(ClientFailure) -> ExitStatus {
    let session = try openSession()
    defer { session.close() }
    return try body(session)
  }
}
