import ArgumentParser
import BitcoinWire
import Commands
import ControlProtocol
import LogProtocol
import Steering

/// `netmine announce`: announces things to a chosen set of peers and tells who asks for them, and when.
struct AnnounceCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "announce",
    abstract: "Announce a transaction or block to chosen peers and tell who asks for it, and when.",
    discussion: """
      For example:
        netmine announce --random 8 tx:HASH
        netmine announce --all --tx signed.hex --serve

      A transaction that is given whole is announced by its wtxid to those who asked for that (BIP339), and by its \
      txid to the others; one that is named is announced to everybody as it is named. Whoever asks is told by the \
      connector that it is not there, unless --serve sends it: nodes take it then too. Times are from the log \
      stream, from our announcement to the peer's getdata. It ends when everybody has asked, or after --timeout. \
      Exit status 0 when anybody has asked, 1 when nobody has.
      """
  )

  @Argument(help: ArgumentHelp("What to announce: tx:HASH, wtx:HASH, block:HASH.", valueName: "type:hash"))
  var items: [ProbeItem] = []

  @Option(
    name: .customLong("tx"),
    help: ArgumentHelp("Announce this transaction: hexadecimal digits or a file.", valueName: "bytes"),
    completion: .file()
  )
  var transactions: [String] = []

  @Option(
    name: .customLong("block"),
    help: ArgumentHelp("Announce this block: hexadecimal digits or a file.", valueName: "bytes"),
    completion: .file()
  )
  var blocks: [String] = []

  @Flag(help: "Send it to whoever asks.")
  var serve = false

  @OptionGroup(title: "Which connections") var targets: TargetOptions

  @Option(help: ArgumentHelp("Seconds to wait for who asks.", valueName: "seconds"))
  var timeout = 30.0

  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard targets.isGiven else { throw ValidationError("Choose the connections; --all takes all.") }
    guard !items.isEmpty || !transactions.isEmpty || !blocks.isEmpty else {
      throw ValidationError("Say what to announce: TYPE:HASH, --tx or --block.")
    }
    guard !serve || items.isEmpty else {
      throw ValidationError("--serve needs the things themselves: give them with --tx or --block.")
    }
    guard timeout > 0 else { throw ValidationError("--timeout is more than 0 seconds.") }
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

/// `netmine probe`: sends a transaction to a chosen set of peers and tells how it spreads.
struct ProbeCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Send a transaction or block to chosen peers and tell who else has it then, and when.",
    discussion: """
      For example:
        netmine probe --to 5 --tx signed.hex
        netmine probe --random 1 --tx signed.hex --timeout 120 --json
        netmine probe --to 5 --inv wtx:HASH

      All connections are watched: who announces it to us, who asks us for it, who sends it. Times are from the log \
      stream, for who was told from our message to that peer, for the others from our first message to anybody. \
      With --inv it is announced instead of sent. It ends when everybody else has announced it, or after --timeout. \
      Exit status 0 when anybody has announced it or asked for it, 1 when nobody has.
      """
  )

  @Option(
    name: .customLong("inv"),
    help: ArgumentHelp("Announce this: tx:HASH, wtx:HASH, block:HASH.", valueName: "type:hash")
  )
  var items: [ProbeItem] = []

  @Option(
    name: .customLong("tx"),
    help: ArgumentHelp("Send this transaction: hexadecimal digits or a file.", valueName: "bytes"),
    completion: .file()
  )
  var transactions: [String] = []

  @Option(
    name: .customLong("block"),
    help: ArgumentHelp("Send this block: hexadecimal digits or a file.", valueName: "bytes"),
    completion: .file()
  )
  var blocks: [String] = []

  @OptionGroup(title: "Which connections are told; all are watched") var targets: TargetOptions

  @Option(help: ArgumentHelp("Seconds to watch.", valueName: "seconds"))
  var timeout = 60.0

  @OptionGroup var options: ClientOptions

  func validate() throws {
    guard targets.isGiven else {
      throw ValidationError("Choose the connections that are told; --all takes all.")
    }
    guard !items.isEmpty || !transactions.isEmpty || !blocks.isEmpty else {
      throw ValidationError("Say what to send: --tx, --block or --inv.")
    }
    guard timeout > 0 else { throw ValidationError("--timeout is more than 0 seconds.") }
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
