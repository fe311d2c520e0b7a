import BitcoinWire
import Bytes
import Observations
import Testing

@testable import ControlProtocol

@Suite struct ControlMessageTests {
  /// Reads the header of a whole frame. Returns its type and payload.
  static func payload(of frame: [UInt8]) throws -> (type: UInt8, bytes: [UInt8]) {
    let piece = try frame.withUnsafeBytes { try ControlFramer().first(in: $0) }
    guard case .frame(let header) = piece, ControlFrame.nativeVersions.contains(header.version),
      header.count == frame.count
    else {
      throw WireError(.invalid("is not whole"), field: "frame", offset: 0)
    }
    return (header.type, Array(frame[header.payload]))
  }

  @Test(arguments: Samples.requests)
  func readsEveryRequestBack(_ request: ControlRequest) throws {
    let (type, payload) = try Self.payload(of: request.frame(id: 0x0102_0304))
    let (id, result) = ControlRequest.read(type: type, payload: payload.span.bytes)
    #expect(id == 0x0102_0304)
    #expect(try result.get() == request)
    #expect(type == request.type)
  }

  @Test(arguments: Samples.requests)
  func refusesEveryTruncatedRequestWithItsID(_ request: ControlRequest) throws {
    // A message to register ends only with the frame.
    if case .registerMessage = request { return }
    let (type, payload) = try Self.payload(of: request.frame(id: 9))
    for count in 0..<payload.count {
      // A list's target is optional.
      if case .listConnections = request, count == 12 { continue }
      let (id, result) = ControlRequest.read(type: type, payload: Array(payload[..<count]).span.bytes)
      #expect(id == (count < 4 ? 0 : 9))
      #expect(throws: ControlFailure.self) { try result.get() }
    }
    let (_, longer) = ControlRequest.read(type: type, payload: (payload + [0xff]).span.bytes)
    #expect(throws: ControlFailure.self) { try longer.get() }
  }

  @Test(arguments: Samples.replies)
  func readsEveryReplyBack(_ reply: ControlReply) throws {
    let (type, payload) = try Self.payload(of: reply.frame(id: 5))
    #expect(try ControlAnswer(type: type, payload: payload.span.bytes) == .reply(id: 5, reply))
    for count in 0..<payload.count {
      // Earlier connectors send fewer fields.
      if case .hello = reply, count == payload.count - 1 { continue }
      if case .statistics(let statistics) = reply {
        let refusal = 2 + statistics.refusal.utf8.count
        if [payload.count - refusal - 56, payload.count - refusal].contains(count) { continue }
      }
      #expect(throws: WireError.self) {
        try ControlAnswer(type: type, payload: Array(payload[..<count]).span.bytes)
      }
    }
  }

  /// A connector that does not send its network's reach knows only the networks known by name.
  @Test(arguments: Network.all) func takesTheReachOfTheNetworkThatAnEarlierConnectorNames(_ network: Network)
    throws
  {
    let hello = ServerHello(
      server: "connector 0.1.0",
      networkName: network.name,
      magic: network.magic,
      defaultPort: network.defaultPort,
      instance: 1,
      reach: .anywhere
    )
    let (type, payload) = try Self.payload(of: ControlReply.hello(hello).frame(id: 5))
    guard
      case .reply(_, .hello(let read)) = try ControlAnswer(
        type: type,
        payload: Array(payload.dropLast()).span.bytes
      )
    else { throw WireError(.invalid("is no hello"), field: "reply", offset: 0) }
    #expect(read.reach == network.reach)
    // A later connector may use an unknown reach: the strictest is assumed.
    let bytes = payload.dropLast() + [77]
    let later = try ControlAnswer(type: type, payload: Array(bytes).span.bytes)
    guard case .reply(_, .hello(let read)) = later else {
      Issue.record("\(later)")
      return
    }
    #expect(read.reach == .simulation)
  }

  @Test(arguments: Samples.events)
  func readsEveryEventBack(_ event: ControlEvent) throws {
    let (type, payload) = try Self.payload(of: event.frame(id: 6))
    #expect(try ControlAnswer(type: type, payload: payload.span.bytes) == .event(id: 6, event))
    for count in 0..<payload.count {
      #expect(throws: WireError.self) {
        try ControlAnswer(type: type, payload: Array(payload[..<count]).span.bytes)
      }
    }
  }

  @Test func hasKnownBytes() {
    let request = ControlRequest.connect([ConnectTarget(Endpoint("1.2.3.4:8333")!)])
    let bytes = "02 00000012 14 0000002a 00000001 01 0004 01020304 208d 00"
    #expect(request.frame(id: 42, version: 2) == CoinscopeTests.bytes(bytes))
    #expect(request.frame(id: 42) == CoinscopeTests.bytes("03" + bytes.dropFirst(2)))
    let reply = ControlReply.failure(ControlFailure(.noSuchMessage, "No."))
    #expect(
      reply.frame(id: 42, version: 2) == CoinscopeTests.bytes("02 0000000b ff 0000002a 0005 0003 4e6f2e")
    )
    let event = ControlEvent.connectFailed(5, Outcome(.alreadyConnected, .connection(17)))
    #expect(
      event.frame(id: 42)
        == CoinscopeTests.bytes("03 00000015 42 0000002a 00000005 0014 00000000 02 0004 00000011")
    )
  }

  /// Clients of version 2 get and understand outcomes in words.
  @Test func tellsClientsOfVersion2HowConnectionsEnd() throws {
    let outcomes = [
      Outcome(.alreadyConnected, .connection(17)), Outcome(.refused, errorNumber: 111),
      Outcome(.reset, errorNumber: 104, .beforeVersion),
    ]
    for outcome in outcomes {
      let frame = ControlEvent.closed(5, outcome).frame(id: 42, version: 2)
      let (type, payload) = try Self.payload(of: frame)
      let fields = Array(payload.dropFirst(8))
      var reader = ByteReader(fields.span.bytes)
      #expect(try reader.big(UInt32.self, "errno") == outcome.errorNumber)
      #expect(try reader.text("reason") == outcome.words)
      let answer = try ControlAnswer(version: 2, type: type, payload: payload.span.bytes)
      #expect(answer == .event(id: 42, .closed(5, outcome)))
    }
  }

  @Test func tellsUnknownRequestsFromMalformedOnes() throws {
    let unknown = ControlRequest.read(type: 0x77, payload: [UInt8]([0, 0, 0, 1]).span.bytes)
    #expect(unknown.id == 1)
    #expect(throws: ControlFailure(.unknownRequest, "This version knows no request of type 119.")) {
      try unknown.request.get()
    }
    // A count of 4,294,967,295 targets in a payload of 9 bytes.
    let hostile = ControlRequest.read(
      type: 0x14,
      payload: [UInt8]([0, 0, 0, 1, 255, 255, 255, 255, 0]).span.bytes
    )
    let error = #expect(throws: ControlFailure.self) { try hostile.request.get() }
    #expect(error?.status == .badRequest)
  }

  @Test func passesOverAnswersOfLaterVersions() throws {
    #expect(try ControlAnswer(type: 0x7f, payload: [UInt8]([0, 0, 0, 1]).span.bytes) == nil)
    #expect(try ControlAnswer(type: 0xee, payload: [UInt8]([0, 0, 0, 1]).span.bytes) == nil)
  }

  @Test func readsConnectionsAndStatisticsThatHaveGrown() throws {
    var (_, statistics) = try Self.payload(of: ControlReply.statistics(Samples.statistics).frame(id: 1))
    statistics += [1, 2, 3]
    let read = try ControlAnswer(type: 0x98, payload: statistics.span.bytes)
    #expect(read == .reply(id: 1, .statistics(Samples.statistics)))
    // One connection whose length includes two unknown bytes.
    var (_, list) = try Self.payload(of: ControlReply.connections([Samples.bare], next: 0).frame(id: 1))
    list.replaceBig(UInt16(list.count - 14 + 2), at: 12)
    let grown = try ControlAnswer(type: 0x97, payload: (list + [7, 7]).span.bytes)
    #expect(grown == .reply(id: 1, .connections([Samples.bare], next: 0)))
  }
}
