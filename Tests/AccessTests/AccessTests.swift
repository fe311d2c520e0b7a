import Bytes
import EventLoop
import TestSupport
import Testing

@testable import Access

@Suite struct AccessTests {
  static let key = AccessKey([UInt8](repeating: 7, count: 32))!
  static let other = AccessKey([UInt8](repeating: 8, count: 32))!

  /// A server behind a gate, and what came of it.
  final class Server {
    let loop = EventLoop()
    var listener: Listener!
    var gate: AccessGate!
    var accepted: [RawClient] = []
    var refusals: [String] = []

    init(_ key: AccessKey, _ purpose: AccessKey.Purpose = .control) throws {
      gate = AccessGate(key, for: purpose, on: loop) { [unowned self] descriptor, _ in
        accepted.append(RawClient(descriptor, on: loop))
      } refuse: { [unowned self] in
        refusals.append($0)
      }
      listener = try Listener(
        on: .ipv4(0x7f00_0001, port: 0),
        loop: loop,
        accept: { [unowned self] in gate.challenge($0, from: $1) },
        fail: { Issue.record($0) }
      )
    }

    func raw() throws -> RawClient { try RawClient(listener.address, on: loop) }

    /// What comes of a client's attempt.
    func attempt(
      _ key: AccessKey?,
      _ purpose: AccessKey.Purpose = .control,
      timeout: Double = 5
    ) throws -> Result<RawClient, AccessError> {
      var result: Result<Int32, AccessError>?
      let attempt = AccessAttempt(to: listener.address, key: key, for: purpose, timeout: timeout, on: loop) {
        result = $0
      }
      try loop.run { result != nil }
      attempt.cancel()
      return result!.map { RawClient($0, on: loop) }
    }
  }

  /// HMAC-SHA-256 by Python's hmac over the documented bytes.
  @Test func provesByWhatTheDocumentationSays() {
    let server = Array<UInt8>(0..<32)
    let client = Array<UInt8>(32..<64)
    #expect(
      Hexadecimal.text(Self.key.clientProof(.control, server: server, client: client))
        == "0e91104b063a955c7b6bc3d218e0833a8fdfaddd0d3ea35aad8eb249b9f08d34"
    )
    #expect(
      Hexadecimal.text(Self.key.serverProof(.subscribe, server: server, client: client))
        == "bcaf86d991d8e13631ef3f4b2b3cbded7d402ab951c142b472a6b1ef5f834237"
    )
  }

  @Test func letsInWhoKnowsTheKeyAndLosesNoByteBehindIt() throws {
    let server = try Server(Self.key)
    let client = try server.attempt(Self.key).get()
    client.stream.write(Array("hello".utf8))
    try server.loop.run { server.accepted.first?.received.count == 5 }
    server.accepted[0].stream.write(Array("welcome".utf8))
    try server.loop.run { client.received.count == 7 }
    #expect(server.refusals.isEmpty)
  }

  /// A client that sends its first request together with its proof, in pieces.
  @Test func leavesWhatFollowsTheProofToTheProtocol() throws {
    let server = try Server(Self.key)
    let client = try server.raw()
    try server.loop.run { client.received.count == AccessKey.challengeSize }
    let random = Array(client.received.dropFirst(8))
    let own = AccessKey.random()
    let answer = own + Self.key.clientProof(.control, server: random, client: own) + Array("request".utf8)
    for byte in answer[..<63] {
      client.stream.write([byte])
      server.loop.runOnce()
    }
    #expect(server.accepted.isEmpty)
    client.stream.write(Array(answer[63...]))
    try server.loop.run { server.accepted.first?.received == Array("request".utf8) }
  }

  @Test func keepsOutWhoDoesNot() throws {
    let server = try Server(Self.key)
    server.gate.delay = 0.05
    #expect(throws: AccessError.refused(server.listener.address)) { try server.attempt(Self.other).get() }
    // A proof for another socket is none.
    #expect(throws: AccessError.refused(server.listener.address)) {
      try server.attempt(Self.key, .publish).get()
    }
    // One that was heard before is none.
    let first = try server.raw()
    try server.loop.run { first.received.count == AccessKey.challengeSize }
    let own = AccessKey.random()
    let proof = Self.key.clientProof(.control, server: Array(first.received.dropFirst(8)), client: own)
    let second = try server.raw()
    try server.loop.run { second.received.count == AccessKey.challengeSize }
    second.stream.write(own + proof)
    try server.loop.run { second.isClosed }
    #expect(second.received.count == AccessKey.challengeSize)
    #expect(server.accepted.isEmpty && server.refusals.count == 3)
  }

  @Test func tellsNobodyAtOnceThatAProofIsWrong() throws {
    let server = try Server(Self.key)
    server.gate.delay = 0.2
    let client = try server.raw()
    client.stream.write([UInt8](repeating: 0, count: 64))
    let start = Clock.monotonic()
    try server.loop.run { client.isClosed }
    #expect(Clock.monotonic() - start > 190_000_000)
  }

  @Test func endsThoseWhoNeverAnswerOrAreTooMany() throws {
    let server = try Server(Self.key)
    server.gate.timeout = 0.1
    let silent = try server.raw()
    let half = try server.raw()
    half.stream.write([1, 2, 3])
    try server.loop.run { silent.isClosed && half.isClosed }
    #expect(server.refusals.allSatisfy { $0.contains("did not prove the key") })

    server.gate.timeout = 10
    server.refusals = []
    let many = try (0..<AccessGate.limit + 1).map { _ in try server.raw() }
    // The oldest makes room, and one who knows the key gets in while all places are taken.
    try server.loop.run { many[0].isClosed }
    #expect(many.count { $0.isClosed } == 1 && server.refusals.count == 1)
    _ = try server.attempt(Self.key).get()
    for client in many { client.stream.close(.closed("done")) }
    try server.loop.run { server.refusals.count == AccessGate.limit + 1 }
  }

  @Test func saysThatAServerDoesNotAskOrDoesNotKnow() throws {
    let server = try Server(Self.key)
    var first: [UInt8] = []
    server.listener.close()
    server.listener = try Listener(
      on: .ipv4(0x7f00_0001, port: 0),
      loop: server.loop,
      accept: { descriptor, _ in
        let client = RawClient(descriptor, on: server.loop)
        server.accepted.append(client)
        client.stream.write(first)
      },
      fail: { Issue.record($0) }
    )
    let address = server.listener.address
    #expect(throws: AccessError.notAsked(address)) { try server.attempt(Self.key, timeout: 0.1).get() }
    first = [UInt8](repeating: 1, count: AccessKey.challengeSize)
    #expect(throws: AccessError.notAsked(address)) { try server.attempt(Self.key).get() }
    // It challenges, takes anything, and proves nothing.
    first = AccessKey.magic + [UInt8](repeating: 2, count: 64)
    #expect(throws: AccessError.unproven(address)) { try server.attempt(Self.key).get() }
  }

  @Test func needsNoKeyOnUnixSocketsNorWithoutOne() throws {
    let server = try Server(Self.key)
    server.listener.close()
    let folder = TemporaryFolder()
    for address in [SocketAddress.unix(folder.path + "s"), .ipv4(0x7f00_0001, port: 0)] {
      server.listener = try Listener(
        on: address,
        loop: server.loop,
        accept: { descriptor, _ in server.accepted.append(RawClient(descriptor, on: server.loop)) },
        fail: { Issue.record($0) }
      )
      let key = address == .unix(folder.path + "s") ? Self.key : nil
      _ = try server.attempt(key).get()
      server.listener.close()
    }
  }
}
