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

  @Test func findsNamesOfAddresses() throws {
    let server = try FakeNameServer(loop: loop)
    let six = "1." + String(repeating: "0.", count: 23) + "8.b.d.0.1.0.0.2.ip6.arpa"
    server.pointers["1.2.0.192.in-addr.arpa"] = ["z.example", "Node.Example"]
    server.pointers[six] = ["six.example"]
    server.pointers["3.2.0.192.in-addr.arpa"] = []
    let resolver = try NameResolver(servers: [server.address], on: loop)
    var answers: [String: Result<String, NameError>] = [:]
    for text in ["192.0.2.1:0", "192.0.2.2:0", "192.0.2.3:0", "[2001:db8::1]:0"] {
      resolver.name(of: SocketAddress(text)!) { answers[text] = $0 }
    }
    try loop.run { answers.count == 4 }
    // Of several names the first, in whatever order they come.
    #expect(answers["192.0.2.1:0"] == .success("node.example"))
    #expect(answers["[2001:db8::1]:0"] == .success("six.example"))
    for text in ["192.0.2.2:0", "192.0.2.3:0"] {
      #expect(throws: NameError.self) { try answers[text]?.get() }
      if case .failure(let error) = answers[text] { #expect(error.isAnswer) }
    }
    #expect(Set(server.questions.map(\.type)) == [12])
  }

  @Test func tellsNoAnswerFromAnAnswer() throws {
    let server = try FakeNameServer(loop: loop)
    server.silent = ["1.2.0.192.in-addr.arpa"]
    let resolver = try NameResolver(servers: [server.address], timeout: 0.3, on: loop)
    var answers: [Result<String, NameError>] = []
    resolver.name(of: SocketAddress("192.0.2.1:0")!) { answers.append($0) }
    resolver.name(of: .unix("/nowhere")) { answers.append($0) }
    #expect(answers.count == 1)
    try loop.run { answers.count == 2 }
    for answer in answers {
      guard case .failure(let error) = answer else {
        Issue.record("\(answer)")
        continue
      }
      #expect(!error.isAnswer)
    }
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
