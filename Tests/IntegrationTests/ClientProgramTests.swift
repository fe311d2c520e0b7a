import BitcoinWire
import Bytes
import Foundation
import TestSupport
import Testing

/// Every subcommand of `netmine` that needs a connector, run as a process against a simulated network.
@Suite(.serialized) struct ClientProgramTests {
  /// Starts all programs, and connects to every node.
  func deploy(nodes: Int, base: String) throws -> Deployment {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startConnector()
    _ = try deployment.startSimnet(nodes: nodes, base: base, ["--tx-rate", "0", "--block-interval", "0"])
    let connect = try deployment.netmine(["connect", "--file", deployment.root + "nodes.txt"])
    #expect(connect.status == 0, "\(connect.errors)")
    return deployment
  }

  /// The JSON objects that a command prints, one per line.
  func objects(_ deployment: Deployment, _ arguments: String..., status: Int32 = 0) throws -> [[String: Any]]
  {
    let outcome = try deployment.netmine(arguments + ["--json"])
    #expect(outcome.status == status, "\(arguments): \(outcome.errors)")
    return try outcome.output.split(separator: "\n").map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
  }

  @Test(.timeLimit(.minutes(3))) func doesWhatItIsTold() throws {
    let deployment = try deploy(nodes: 12, base: "127.71.0.1")

    // nodes: filters, order, columns.
    let slowest = try objects(deployment, "nodes", "--outbound", "--sort=-id", "--limit", "2")
    #expect(slowest.compactMap { $0["id"] as? Int } == [12, 11])
    #expect(try objects(deployment, "nodes", "--inbound").isEmpty)
    let table = try deployment.netmine(["nodes", "--columns", "id,address", "--in", "127.71.0.3"])
    #expect(table.output.split(separator: "\n").count == 2)
    #expect(table.output.hasPrefix("ID  ADDRESS\n"))
    let watched = try deployment.netmine(["nodes", "--watch", "--interval", "0.1", "--count", "2"])
    #expect(watched.output.ranges(of: "12 connections,").count == 2)

    // send and broadcast, with answers.
    let pongs = try objects(deployment, "broadcast", "ping", "nonce=258", "--await", "pong")
    #expect(pongs.first?["sent"] as? Int == 12)
    #expect(pongs.count == 14)
    for pong in pongs[1...12] {
      #expect((pong["message"] as? [String: Any])?["nonce"] as? String == "0000000000000102")
      #expect(try #require(pong["ms"] as? Double) >= 0)
    }
    #expect(pongs.last?["answered"] as? Int == 12)
    let silent = try objects(
      deployment,
      "send",
      "--to",
      "1",
      "verack",
      "--await",
      "pong",
      "--timeout",
      "0.3",
      status: 1
    )
    #expect(silent.last?["unanswered"] as? [Int] == [1])
    #expect(try deployment.netmine(["send", "--to", "1", "feefilter"]).status == 64)
    #expect(try deployment.netmine(["send", "--to", "99", "--await", "pong", "ping"]).status == 1)

    // ping.
    let pings = try objects(deployment, "ping", "--count", "2", "--interval", "0.05", "--histogram")
    #expect(pings.count == 25)
    #expect(pings.last?["pongs"] as? Int == 24)
    let bins = try #require(pings.last?["histogram"] as? [[String: Any]])
    #expect(bins.compactMap { $0["count"] as? Int }.reduce(0, +) == 24)
    let few = try deployment.netmine(["ping", "--random", "3", "--summary"])
    #expect(few.output.hasPrefix("3 peers, 3 pings, 3 pongs: min "), "\(few.output)")

    // announce and probe.
    let hash = String(repeating: "ab", count: 32)
    let asked = try objects(deployment, "announce", "--all", "wtx:\(hash)", "--timeout", "5", status: 0)
    #expect(try #require(asked.last?["asked"] as? Int) > 0)
    let unknown = try objects(
      deployment,
      "announce",
      "--to",
      "1",
      "99:\(hash)",
      "--timeout",
      "0.3",
      status: 1
    )
    #expect(unknown.last?["asked"] as? Int == 0)
    let transaction = Transaction(
      version: 2,
      inputs: [TransactionInput(previous: OutPoint(txid: .zero, index: 7), script: [])],
      outputs: [TransactionOutput(value: 5, script: [0x51])],
      lockTime: 0
    )
    let file = deployment.folder.write(transaction.bytes, to: "tx.bin")
    let spread = try objects(deployment, "probe", "--to", "4", "--tx", file)
    #expect(spread.last?["told"] as? Int == 1)
    #expect(spread.last?["announced"] as? Int == 11)
    let heard = Set(spread.dropLast().compactMap { $0["connection"] as? Int })
    #expect(heard == Set(1...12).subtracting([4]))
    var other = transaction
    other.lockTime = 9
    let served = try objects(
      deployment,
      "announce",
      "--to",
      "1,2",
      "--tx",
      Hexadecimal.text(other.bytes),
      "--serve"
    )
    #expect(served.last?["asked"] as? Int == 2)

    // top and status.
    let top = try objects(deployment, "top", "--interval", "0.3", "--count", "2")
    #expect(top.count == 2)
    #expect(top.last?["open_outbound"] as? Int == 12)
    let screen = try deployment.netmine(["top", "--interval", "0.2"])
    #expect(screen.output.hasPrefix("netmine top  simnet"))
    #expect(screen.output.contains("COMMAND"))
    #expect(try objects(deployment, "status").count == 1)

    // cycle and dedupe.
    let cycled = try objects(deployment, "cycle", "--rate", "100")
    #expect(cycled.count == 12)
    #expect(Set(cycled.compactMap { $0["id"] as? Int }) == Set(13...24))
    let again = try #require(cycled.first?["address"] as? String)
    #expect(
      try deployment.netmine(["connect", again, "--user-agent", "/other/", "--no-relay", "--another"]).status
        == 0
    )
    #expect(try objects(deployment, "dedupe", "--dry-run").first?["dropped"] as? Bool == false)
    let dropped = try objects(deployment, "dedupe")
    #expect(dropped.first?["kept"] as? Int == 25)
    #expect(try objects(deployment, "dedupe").isEmpty)
    #expect(try objects(deployment, "nodes").count == 12)
    #expect(try deployment.netmine(["disconnect", "--random", "2"]).output == "2 connections closed\n")

    // connect --keep: redials a port where nothing listens, until it is disconnected.
    let host = try #require(again.split(separator: ":").first)
    let refused = try objects(deployment, "connect", "\(host):1", "--keep", status: 1)
    #expect(refused.first?["cause"] as? String == "refused")
    let kept = try #require(objects(deployment, "status").first?["connector"] as? [String: Any])
    #expect(kept["connections_kept"] as? Int == 1)
    #expect(try deployment.netmine(["disconnect", "--in", "\(host)"]).status == 0)
    let over = try #require(objects(deployment, "status").first?["connector"] as? [String: Any])
    #expect(over["connections_kept"] as? Int == 0)
    #expect(
      try deployment.netmine(["disconnect", "--agent", "no such agent"]).output == "0 connections closed\n"
    )
    try deployment.stopAll()
  }

  @Test(.timeLimit(.minutes(10))) func harvestsAddresses() throws {
    let deployment = try deploy(nodes: 40, base: "127.72.0.1")
    // Some connections are closed, and their nodes found again from the others' addresses.
    #expect(try deployment.netmine(["disconnect", "1,2,3,4,5,6,7,8,9,10"]).status == 0)
    let new = deployment.root + "new.txt"
    let rounds = try objects(deployment, "getaddr", "--once", "--list", new, "--timeout", "60")
    let sum = try #require(rounds.last)
    #expect(sum["known"] as? Int == 40)
    #expect(sum["new"] as? Int == 10)
    #expect(sum["reached"] as? Int == 10)
    #expect(sum["answered"] as? Int == sum["asked"] as? Int)
    #expect(try objects(deployment, "nodes").count == 40)
    let listed = try String(contentsOfFile: new, encoding: .utf8).split(separator: "\n")
    #expect(Set(listed).count == 10)
    // A node answers once per connection.
    let silent = try deployment.netmine(["getaddr", "--once", "--no-connect", "--timeout", "0.5"])
    #expect(silent.status == 1)
    #expect(silent.errors.contains("0 of 40 asked have answered"), "\(silent.errors)")
    let anew = try objects(deployment, "getaddr", "--once", "--reconnect", "--no-connect", "--timeout", "60")
    #expect(anew.last?["answered"] as? Int == 40)
    // With its schedule it waits for the next round, and exits cleanly at a signal.
    let waiting = try deployment.run("netmine", ["getaddr"])
    try waiting.wait(forError: "The next round begins at")
    waiting.signal(SIGINT)
    #expect(try waiting.wait() == 0)
    try deployment.stopAll()
  }

  @Test(.timeLimit(.minutes(10))) func saysThatThereIsNoLogServer() throws {
    let deployment = Deployment()
    try deployment.startConnector()
    for arguments in [["ping"], ["top"], ["getaddr", "--once"], ["broadcast", "ping", "--await", "pong"]] {
      let outcome = try deployment.netmine(arguments)
      #expect(outcome.status == 2, "\(arguments)")
      #expect(outcome.errors.contains("No log server answers on"), "\(arguments): \(outcome.errors)")
    }
    // Commands that need no log server work without one.
    #expect(try deployment.netmine(["nodes"]).status == 0)
    try deployment.stop(deployment.connector)
  }

  /// The connector publishes to another log server, so this one has none of its records.
  @Test(.timeLimit(.minutes(10))) func saysThatTheConnectorPublishesElsewhere() throws {
    let (deployment, other) = (Deployment(), Deployment())
    try deployment.startConnector()
    try other.startLogServer()
    let outcome = try deployment.netmine(["ping", "--set", "logger.subscribe_address=\(other.root)subscribe"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("does not publish to the log server"), "\(outcome.errors)")
    try deployment.stop(deployment.connector)
  }

  @Test(
    .timeLimit(.minutes(10)),
    arguments: [
      ["connect", "127.0.0.1:1"], ["disconnect", "1"], ["nodes"], ["send", "--to", "1", "ping"],
      ["broadcast", "ping"], ["broadcast", "ping", "--await", "pong"], ["ping"], ["getaddr", "--once"],
      ["announce", "--all", "tx:\(String(repeating: "00", count: 32))"], ["probe", "--all", "--tx", "tx"],
      ["cycle"], ["dedupe"], ["top"], ["status"], ["watch"], ["reload"], ["shutdown"],
    ]
  )
  func saysThatNobodyAnswers(_ arguments: [String]) throws {
    let deployment = Deployment()
    let transaction = Transaction(
      version: 2,
      inputs: [TransactionInput(previous: OutPoint(txid: .zero, index: 0), script: [])],
      outputs: [],
      lockTime: 0
    )
    deployment.folder.write(transaction.bytes, to: "tx")
    let outcome = try deployment.netmine(arguments)
    #expect(outcome.status == 2, "\(outcome.errors)")
    if arguments[0] != "status" { #expect(outcome.errors.contains(" answers on "), "\(outcome.errors)") }
  }

  @Test(
    .timeLimit(.minutes(10)),
    arguments: [
      ["connect"], ["connect", "x", "--rate", "0"], ["disconnect"], ["disconnect", "1", "--all"],
      ["nodes", "--sort", "idd"], ["nodes", "--count", "2"], ["nodes", "--to", "1", "--inbound"],
      ["send", "ping"], ["send", "--to", "1"], ["send", "--to", "1", "pang"], ["broadcast"],
      ["broadcast", "ping", "--answers", "2"], ["broadcast", "--tx", "no-such-file"],
      ["ping", "--count", "-1"],
      ["getaddr", "--inbound"], ["getaddr", "--sampling-rate", "2"], ["announce", "--all"],
      ["announce", "tx:00"],
      ["probe", "--tx", "00"], ["probe", "--all", "--tx", "00"], ["cycle", "--rate", "0"],
      ["dedupe", "--keep", "both"], ["top", "--interval", "0"], ["top", "--order", "size"],
      ["watch", "--count", "0"],
      ["status", "--interval", "-1"], ["nosuch"],
    ]
  )
  func refusesWrongArguments(_ arguments: [String]) throws {
    let folder = TemporaryFolder()
    let program = try Program("netmine", arguments, folder: folder.path)
    #expect(try program.wait() == 64, "\(program.errors)")
    #expect(!program.errors.isEmpty)
  }

  @Test(
    .timeLimit(.minutes(10)),
    arguments: [
      "connect", "disconnect", "nodes", "send", "broadcast", "ping", "getaddr", "announce", "probe", "cycle",
      "dedupe", "top", "status", "watch",
    ]
  )
  func explainsItself(_ command: String) throws {
    let folder = TemporaryFolder()
    let program = try Program("netmine", [command, "--help"], folder: folder.path)
    #expect(try program.wait() == 0)
    #expect(program.output.contains("USAGE: netmine \(command)"))
    if command != "status" { #expect(program.output.contains("For example:\n"), "\(command)") }
    #expect(program.output.contains("--json"))
  }
}
