import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol
import JSON
import Steering

/// `netmine dedupe`: closes duplicate connections.
struct DedupeCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "dedupe",
    abstract: "Close duplicate connections to the same address.",
    discussion: """
      For example:
        netmine dedupe --dry-run
        netmine dedupe --any-port --keep oldest

      Of several open connections to the same address and port, the newest is kept and the others are \
      closed. Peers connect to us from random ports. With --any-port only the address is compared, so \
      several nodes behind one address count as one.
      """
  )

  /// The connection to keep out of several.
  enum Keep: String, CaseIterable, ExpressibleByArgument {
    /// The connection that was started last.
    case newest
    /// The connection that was started first.
    case oldest
  }

  @Option(help: "Which connection to keep: newest or oldest.")
  var keep = Keep.newest

  @Flag(help: "Compare addresses only, and ignore ports.")
  var anyPort = false

  @Flag(help: "Print the duplicates without closing them.")
  var dryRun = false

  @OptionGroup(title: "Which connections (default: all)") var targets: TargetOptions
  @OptionGroup var options: ClientOptions

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    try environment.withSession { session throws(ClientFailure) in
      let (found, missing) = try session.connections(targets)
      let status = environment.complain(missing: missing)
      let surplus = Self.surplus(found, keep: keep, anyPort: anyPort)
      for (connection, kept) in surplus {
        if environment.isJSON {
          var json = JSONWriter()
          json.member("id", connection.id)
          json.member("address", connection.remote.description)
          json.member("direction", connection.direction.description)
          json.member("kept", kept)
          json.member("dropped", !dryRun)
          environment.output.line(json)
        } else {
          environment.output.line("#\(connection.id) \(connection.remote) is a duplicate of #\(kept)")
        }
      }
      var count = UInt32(surplus.count)
      if !surplus.isEmpty, !dryRun {
        count = try session.disconnectIfThere(surplus.map(\.connection.id))
      }
      if !environment.isJSON {
        let words = dryRun ? "would be dropped" : "dropped"
        environment.output.note("\(count) of \(Quantity.counted(found.count, "connection")) \(words)")
      }
      return status
    }
  }

  /// The connections to close, ascending by id, each with the one to keep.
  static func surplus(
    _ connections: [ConnectionInfo],
    keep: Keep,
    anyPort: Bool
  ) -> [(connection: ConnectionInfo, kept: UInt32)] {
    let groups = Dictionary(grouping: connections) { connection in
      anyPort ? Endpoint(connection.remote.address, port: 0) : connection.remote
    }
    var surplus: [(connection: ConnectionInfo, kept: UInt32)] = []
    for group in groups.values where group.count > 1 {
      // Ids ascend in the order in which connections are started.
      let ids = group.map(\.id)
      let kept = keep == .newest ? ids.max()! : ids.min()!
      surplus += group.filter { $0.id != kept }.map { ($0, kept) }
    }
    return surplus.sorted { $0.connection.id < $1.connection.id }
  }
}
