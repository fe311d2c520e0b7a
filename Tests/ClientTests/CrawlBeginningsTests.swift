import BitcoinWire
import Configuration
import ControlProtocol
import Crawler
import EventLoop
import NodeDatabase
import TestSupport
import Testing

@testable import Commands
@testable import CrawlCommands
@testable import Steering

/// The addresses that a crawl starts from. The connector is a double that dials no node.
@Suite struct CrawlBeginningsTests {
  let folder = TemporaryFolder()
  let loop = EventLoop()

  /// The addresses that a crawl of a network dials first.
  ///
  /// - Parameters:
  ///   - known: the addresses in the database.
  ///   - answers: whether DNS seeds list any address.
  private func dialled(
    _ arguments: [String],
    on network: Network = .signet,
    known: [Endpoint] = [],
    answers: Bool = false
  ) throws -> Set<Endpoint> {
    let connector = try FakeConnector(on: .unix(folder.path + "control"), loop: loop)
    defer { connector.close() }
    connector.answer = { request in
      guard case .hello = request else { return nil }
      let hello = ServerHello(
        server: "x",
        networkName: network.name,
        magic: network.magic,
        defaultPort: network.defaultPort,
        instance: 1,
        reach: network.reach
      )
      return .hello(hello)
    }
    let names = try FakeNameServer(loop: loop)
    if answers { for seed in network.dnsSeeds { names.names[seed] = [.ipv4(0x0909_0909, port: 0)] } }
    let command = try CrawlRunCommand.parse(
      arguments + ["--dns-server", "\(names.address)", "--duration", "0.2", "--root", folder.path]
    )
    let environment = ClientEnvironment(
      loop: loop,
      output: Output(isTerminal: false, showsProgress: false, result: { _ in true }, complaint: { _ in }),
      configuration: try Configuration(text: "logger: { root = \"\(folder.path)\"; };", file: nil),
      controlAddress: .unix(folder.path + "control"),
      key: nil,
      isJSON: false,
      hearsSignals: false
    )
    let session = try ConnectorSession(to: environment.controlAddress, on: loop)
    defer { session.close() }
    var place = Configuration.NodeDatabase()
    place.place = folder.path + "\(network.name).sqlite"
    if !known.isEmpty {
      try NodeStore.open(place.place).record(
        known.map { .advertisement(Advertisement($0, time: Clock.now())) }
      )
    }
    let stream = ConnectorStream(
      .unix(folder.path + "log"),
      key: nil,
      CrawlDriver.subscription,
      of: session.hello.instance,
      on: loop
    )
    let start = try command.beginnings(command.hosts, session.hello, environment)
    let fixed = try command.fixedSeeds(command.hosts, session.hello)
    let recorder = try NodeRecorder(place, network: network.name, on: loop) { Issue.record("\($0)") }
    let run = CrawlRun(command, CrawlSettings(), .standard, recorder, session, stream, environment)
    _ = try run.run(from: start, orFrom: fixed)
    return Set(
      connector.requests.flatMap { request -> [Endpoint] in
        if case .connect(let targets) = request { targets.map(\.remote) } else { [] }
      }
    )
  }

  private let seeds = Set(Network.signet.fixedSeeds)

  @Test func areBuiltInWhereNothingElseIsKnown() throws {
    #expect(seeds.count > 10)
    #expect(try dialled([]) == seeds)
  }

  @Test func areBuiltInWhereNoSeedIsAsked() throws {
    #expect(try dialled(["--no-dns-seeds"]) == seeds)
  }

  @Test func areNotBuiltInWhereSeedsAnswer() throws {
    #expect(try dialled([], answers: true) == [Endpoint("9.9.9.9:38333")!])
  }

  @Test func areNotBuiltInWhereTheDatabaseKnowsSomebody() throws {
    let known = Endpoint("9.9.9.7:38333")!
    #expect(try dialled(["--fixed-seeds"], known: [known]).isDisjoint(with: seeds))
  }

  @Test func areNotBuiltInWhereHostsAreNamed() throws {
    #expect(try dialled(["9.9.9.8"]) == [Endpoint("9.9.9.8:38333")!])
  }

  /// Built-in addresses replace an unknown name only on request.
  @Test func areNotBuiltInWhereANameIsUnknown() {
    #expect(throws: ClientFailure.self) { try dialled(["nobody.example"]) }
  }

  @Test func areBuiltInWhereHostsGiveNothingAndThatIsAskedFor() throws {
    #expect(try dialled(["nobody.example", "--fixed-seeds"]) == seeds)
  }

  @Test func areNotBuiltInWhereNobodyWantsThat() {
    #expect(throws: ClientFailure.self) { try dialled(["--no-fixed-seeds"]) }
  }

  @Test func areNotBuiltInOnANetworkOfOnesOwn() {
    #expect(throws: ClientFailure.self) { try dialled([], on: .simnet) }
    // The network has the name of another one that has fixed seeds.
    #expect(throws: ClientFailure.self) { try dialled(["--no-dns-seeds"], on: .signet(challenge: [0x51])) }
    #expect(throws: ClientFailure.self) { try dialled(["--fixed-seeds"], on: .regtest) }
  }
}
