import EventLoop
import Names
import TestSupport
import Testing

@Suite struct NameResolverTests {
  private let loop = EventLoop()

  private func addresses(_ texts: String...) -> [SocketAddress] { texts.map { SocketAddress($0)! } }

  @Test func findsIPv4AndIPv6() throws {
    let server = try FakeNameServer(loop: loop)
    server.names["node.example"] = addresses("192.0.2.1:0", "[2001:db8::1]:0", "192.0.2.2:0")
    let resolver = try NameResolver(servers: [server.address], on: loop)
    var found: [SocketAddress] = []
    resolver.resolve("node.example") { found = (try? $0.get()) ?? [] }
    try loop.run { !found.isEmpty }
    #expect(Set(found) == Set(server.names["node.example"]!) && found.count == 3)
    #expect(Set(server.questions.map(\.type)) == [1, 28])
  }

  @Test func asksForManyAtOnceAndWaitsForNone() throws {
    let server = try FakeNameServer(loop: loop)
    for number in 0..<200 { server.names["n\(number).example"] = [.ipv4(UInt32(number) + 1, port: 0)] }
    server.silent = ["silent.example"]
    let resolver = try NameResolver(servers: [server.address], timeout: 0.6, on: loop)
    var answers: [String: [SocketAddress]] = [:]
    var failures: [String: NameError] = [:]
    for name in ["silent.example", "missing.example"] + (0..<200).map({ "n\($0).example" }) {
      resolver.resolve(name) {
        switch $0 {
        case .success(let found): answers[name] = found
        case .failure(let error): failures[name] = error
        }
      }
    }
    try loop.run { answers.count == 200 && failures["missing.example"] != nil }
    // All the others did not wait for the one that nobody answers.
    #expect(failures["silent.example"] == nil)
    #expect((0..<200).allSatisfy { answers["n\($0).example"] == [.ipv4(UInt32($0) + 1, port: 0)] })
    try loop.run { failures["silent.example"] != nil }
    #expect(failures["silent.example"] != failures["missing.example"])
    #expect(server.questions.filter { $0.name == "silent.example" && $0.type == 1 }.count == 2)
  }

  @Test func tellsWhatIsLeftWhenItIsClosed() throws {
    let server = try FakeNameServer(loop: loop)
    server.silent = ["silent.example"]
    let resolver = try NameResolver(servers: [server.address], on: loop)
    var failures = 0
    resolver.resolve("silent.example") { if case .failure = $0 { failures += 1 } }
    try loop.run { !server.questions.isEmpty }
    resolver.close()
    #expect(failures == 1)
    resolver.resolve("silent.example") { if case .failure = $0 { failures += 1 } }
    #expect(failures == 2)
  }
}
