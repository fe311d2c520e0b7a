import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol
import JSON
import Steering

/// `netmine dedupe`: drops duplicate connections.
struct DedupeCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "dedupe",
    abstract: "Drop duplicate connections to one address.",
    discussion: """
      For example:
        netmine dedupe --dry-run
        netmine dedupe --any-port --keep oldest

      Of the connections with the same address and port at the other end, the newest stays. Peers that connect to us \
      do so from a port of chance: with --any-port the address alone decides, and several nodes behind one address \
      count as one. Only open connections count.
      """
  )

  /// Which of several connections stays.
  enum Keep: String, CaseIterable, ExpressibleByArgument {
    /// The one that was begun last.
    case newest
    /// The one that was begun first.
    case oldest
  }

  @Option(help: "Which one stays: newest or oldest.")
  var keep = Keep.newest

  @Flag(help: "Count connections with the same address as duplicates whatever their ports.")
  var anyPort = false

  @Flag(help: "Only tell which would be dropped.")
  var dryRun = false

  @OptionGroup(title: "Among which connections; without, all") var targets: TargetOptions
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

  /// The connections to drop, ascending by id, each with the one that stays.
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
      // Ids are given in the order in which connections are begun.
      let ids = group.map(\.id)
      let kept = keep == .newest ? ids.max()! : ids.min()!
      surplus += group.filter { $0.id != kept }.map { ($0, kept) }
    }
    return surplus.sorted { $0.connection.id < $1.connection.id }
  }
}
