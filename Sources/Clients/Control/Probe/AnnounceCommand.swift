import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol
import LogProtocol
import Steering

/// `netmine announce`: announces items to chosen peers and prints which peers ask for them, and when.
struct AnnounceCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "announce",
    abstract: "Announce a transaction or block to chosen peers, and print which ask for it.",
    discussion: """
      For example:
        netmine announce --random 8 tx:HASH
        netmine announce --all --tx signed.hex --serve

      With --tx, peers that negotiated wtxid relay (BIP 339) get the wtxid, and all others the txid. A \
      TYPE:HASH argument is announced to all peers as given. If a peer asks for the item, the connector \
      answers notfound. With --serve, netmine then sends the item, and nodes accept it even after notfound. \
      Times come from the log stream, from the announcement to the peer's getdata. The command ends when all \
      peers have asked, or after --timeout. Exit status: 0 if any peer asked for an item or announced or \
      sent it, otherwise 1.
      """
  )

  @Argument(help: ArgumentHelp("Items to announce: tx:HASH, wtx:HASH, block:HASH.", valueName: "type:hash"))
  var items: [ProbeItem] = []

  @Option(
    name: .customLong("tx"),
    help: ArgumentHelp("Announce this transaction: hex digits or a file.", valueName: "bytes"),
    completion: .file()
  )
  var transactions: [String] = []

  @Option(
    name: .customLong("block"),
    help: ArgumentHelp("Announce this block: hex digits or a file.", valueName: "bytes"),
    completion: .file()
  )
  var blocks: [String] = []

  @Flag(help: "Send the item to every peer that asks for it.")
  var serve = false

  @OptionGroup(title: "Which connections") var targets: TargetOptions

  @Option(help: ArgumentHelp("Seconds to wait for peers to ask.", valueName: "seconds"))
  var timeout = 30.0

  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard targets.isGiven else { throw ValidationError("Choose connections; --all chooses all.") }
    guard !items.isEmpty || !transactions.isEmpty || !blocks.isEmpty else {
      throw ValidationError("Give an item to announce: TYPE:HASH, --tx or --block.")
    }
    guard !serve || items.isEmpty else {
      throw ValidationError("--serve needs the whole items: give them with --tx or --block.")
    }
    guard timeout > 0 else { throw ValidationError("--timeout must be more than 0 seconds.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let content = try ProbeContent(named: items, transactions: transactions, blocks: blocks)
    return try environment.withStream(Probe.subscription) { session, stream throws(ClientFailure) in
      let (found, missing) = try session.connections(targets)
      _ = environment.complain(missing: missing)
      guard !found.isEmpty else {
        throw ClientFailure(.someFailed, "There is no open connection to announce to.")
      }
      var probe = Probe(content, chosen: found, all: found, session, environment)
      probe.announces = true
      probe.serves = serve
      probe.timeout = timeout
      return try probe.run(stream) { spread in
        found.allSatisfy { spread.connections(.asked).contains($0.id) || spread.closed.contains($0.id) }
      }
    }
  }
}

/// `netmine probe`: sends items to chosen peers and prints how they spread.
struct ProbeCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Send a transaction or block to chosen peers, and print how it spreads.",
    discussion: """
      For example:
        netmine probe --to 5 --tx signed.hex
        netmine probe --random 1 --tx signed.hex --timeout 120 --json
        netmine probe --to 5 --inv wtx:HASH

      All connections are watched: which peers announce the item, ask for it or send it. Times come from the \
      log stream. For a chosen peer they start at the message to that peer, for other peers at the first \
      message to any peer. With --inv the item is announced instead of sent. The command ends when all other \
      peers have announced it, or after --timeout. Exit status: 0 if any peer announced, asked for or sent \
      an item, otherwise 1.
      """
  )

  @Option(
    name: .customLong("inv"),
    help: ArgumentHelp("Announce this item: tx:HASH, wtx:HASH, block:HASH.", valueName: "type:hash")
  )
  var items: [ProbeItem] = []

  @Option(
    name: .customLong("tx"),
    help: ArgumentHelp("Send this transaction: hex digits or a file.", valueName: "bytes"),
    completion: .file()
  )
  var transactions: [String] = []

  @Option(
    name: .customLong("block"),
    help: ArgumentHelp("Send this block: hex digits or a file.", valueName: "bytes"),
    completion: .file()
  )
  var blocks: [String] = []

  @OptionGroup(title: "Which connections to send to (all are watched)") var targets: TargetOptions

  @Option(help: ArgumentHelp("Seconds to watch.", valueName: "seconds"))
  var timeout = 60.0

  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard targets.isGiven else {
      throw ValidationError("Choose connections to send to; --all chooses all.")
    }
    guard !items.isEmpty || !transactions.isEmpty || !blocks.isEmpty else {
      throw ValidationError("Give an item to send: --tx, --block or --inv.")
    }
    guard timeout > 0 else { throw ValidationError("--timeout must be more than 0 seconds.") }
  }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let content = try ProbeContent(named: items, transactions: transactions, blocks: blocks)
    return try environment.withStream(Probe.subscription) { session, stream throws(ClientFailure) in
      let (found, missing) = try session.connections(targets)
      _ = environment.complain(missing: missing)
      guard !found.isEmpty else {
        throw ClientFailure(.someFailed, "There is no open connection to send to.")
      }
      let all = try session.connections().filter { $0.state == .open }
      let chosen = Set(found.map(\.id))
      let others = all.filter { !chosen.contains($0.id) }
      var probe = Probe(content, chosen: found, all: all, session, environment)
      probe.timeout = timeout
      return try probe.run(stream) { spread in
        !others.isEmpty
          && others.allSatisfy {
            spread.connections(.announced).contains($0.id) || spread.closed.contains($0.id)
          }
      }
    }
  }
}
