import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import Testing
import TestSupport

@Suite struct ControlClientTests {
  let loop = EventLoop()

  func open(_ connector: FakeConnector, timeout: Double = 5) throws -> ControlClient {
    var outcome: Result<ServerHello, ControlClientError>?
    let client = ControlClient(to: connector.address, name: "test", timeout: timeout, on: loop) {
      outcome = $0
    }
    try loop.run { outcome != nil }
    _ = try outcome!.get()
    return client
  }

  @Test(arguments: [false, true])
  func sendsRequestsAndDeliversRepliesAndEvents(slowly: Bool) throws {
    let connector = try FakeConnector(loop: loop)
    connector.isSlow = slowly
    let client = try open(connector)
    #expect(client.hello?.networkName == "regtest")
    var reply: ControlReply?
    var events: [ControlEvent] = []
    let targets = ["127.0.0.1:18444", "127.0.0.1:1"].map { ConnectTarget(Endpoint($0)!) }
    client.send(.connect(targets), events: { events.append($0) }) { reply = try? $0.get() }
    try loop.run { events.count == 3 }
    #expect(reply == .connecting([101, 102]))
    #expect(events.map(\.connection) == [101, 101, 102])
    #expect(connector.requests == [.hello(versions: 2...3, client: "test"), .connect(targets)])
    client.close()
    connector.close()
  }

  @Test func answersTenRequestsInOrder() throws {
    let connector = try FakeConnector(loop: loop)
    let client = try open(connector)
    connector.answer = { request in
      guard case .forgetMessage(let id) = request else { return nil }
      return id % 2 == 0 ? .messageForgotten : .failure(ControlFailure(.noSuchMessage, "No message \(id)."))
    }
    var outcomes: [Bool] = []
    for id in 0..<10 {
      client.send(.forgetMessage(UInt32(id))) { outcomes.append((try? $0.get()) == .messageForgotten) }
    }
    try loop.run { outcomes.count == 10 }
    #expect(outcomes == (0..<10).map { $0 % 2 == 0 })
    client.close()
    connector.close()
  }

  @Test func saysThatNobodyAnswers() throws {
    let connector = try FakeConnector(loop: loop)
    connector.close()
    var error: ControlClientError?
    let client = ControlClient(to: connector.address, name: "test", on: loop) {
      if case .failure(let failure) = $0 { error = failure }
    }
    try loop.run { error != nil }
    #expect(error?.description == "No connector answers on \(connector.address): Connection refused.")
    #expect(error?.isUnreachable == true)
    client.close()
  }

  @Test func givesUpWaiting() throws {
    let connector = try FakeConnector(loop: loop)
    let client = try open(connector)
    connector.isSilent = true
    var error: ControlClientError?
    client.send(.statistics, timeout: 0.05) { if case .failure(let failure) = $0 { error = failure } }
    try loop.run { error != nil }
    #expect(error == .timedOut("statistics", seconds: 0.05))
    #expect(client.isOpen)
    client.close()
    connector.close()
  }

  @Test func givesUpOnASilentHello() throws {
    let connector = try FakeConnector(loop: loop)
    connector.isSilent = true
    #expect(throws: ControlClientError.timedOut("hello", seconds: 0.05)) {
      try open(connector, timeout: 0.05)
    }
    connector.close()
  }

  @Test func tellsEverybodyThatTheConnectorIsGone() throws {
    let connector = try FakeConnector(loop: loop)
    let client = try open(connector)
    connector.isSilent = true
    var lost: [ControlClientError] = []
    var failed: [ControlClientError] = []
    client.lost = { lost.append($0) }
    for _ in 0..<3 { client.send(.statistics) { if case .failure(let error) = $0 { failed.append(error) } } }
    try loop.run { connector.requests.count == 4 }
    connector.close()
    try loop.run { !lost.isEmpty }
    #expect(failed == Array(repeating: .disconnected("closed by the other end"), count: 3))
    #expect(lost == [.disconnected("closed by the other end")])
    #expect(!client.isOpen)
    var late: ControlClientError?
    client.send(.statistics) { if case .failure(let error) = $0 { late = error } }
    #expect(late == .disconnected("closed by the other end"))
  }

  @Test func refusesGarbage() throws {
    let connector = try FakeConnector(loop: loop)
    let client = try open(connector)
    var lost: ControlClientError?
    client.lost = { lost = $0 }
    connector.write(Array("HTTP/1.1 400 Bad Request".utf8))
    try loop.run { lost != nil }
    guard case .malformed = lost else { throw lost! }
    connector.close()
  }

  @Test func worksOverAUnixSocket() throws {
    let path = "/tmp/netmine-control-test-\(UInt32.random(in: 0 ... .max)).sock"
    let connector = try FakeConnector(on: .unix(path), loop: loop)
    let client = try open(connector)
    #expect(client.isOpen)
    client.close()
    connector.close()
  }
}
