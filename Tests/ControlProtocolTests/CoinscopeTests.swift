import BitcoinWire
import Bytes
import ControlProtocol
import Testing

/// Version 0, compared with bytes written by hand from coinscope's packed C structs.
@Suite struct CoinscopeTests {
  /// 1.2.3.4:8333 and 127.0.0.1:0 as sockaddr_in, as clients/connect.cpp fills them in.
  static let addresses = "0200208d010203040000000000000000" + "020000007f0000010000000000000000"

  static let frames: [(CoinscopeRequest, String)] = [
    (.register, "00 00000000 03"),
    (.getConnections, "00 00000009 02 01 00000000 00000000"),
    (.disconnect(.connections([7])), "00 0000000d 02 02 00000000 00000001 00000007"),
    (.send(message: 5, .all), "00 0000000d 02 03 00000005 00000001 ffffffff"),
    (
      .send(message: 0x0102_0304, .connections([1, 0x1_0000])),
      "00 00000011 02 03 01020304 00000002 00000001 00010000"
    ),
    (
      .connect(
        remote: Endpoint("1.2.3.4:8333")!,
        local: Endpoint("127.0.0.1:0")!
      ),
      "00 00000020 04 " + addresses
    ),
    (
      .registerMessage(Network.mainnet.frame("getaddr")),
      "00 00000018 01 f9beb4d9 676574616464720000000000 00000000 5df6e0e2"
    ),
  ]

  static func bytes(_ text: String) -> [UInt8] { Hexadecimal.bytes(text.filter { $0 != " " })! }

  @Test(arguments: frames.indices)
  func hasKnownBytesBothWays(_ index: Int) throws {
    let (request, text) = Self.frames[index]
    let bytes = Self.bytes(text)
    #expect(request.frame == bytes)
    #expect(try CoinscopeRequest(type: bytes[5], payload: Array(bytes[6...]).span.bytes) == request)
  }

  @Test(arguments: [1, 2, 3, 5])
  func refusesEveryTruncation(_ index: Int) {
    let bytes = Self.bytes(Self.frames[index].1)
    for count in 0..<bytes.count - 6 {
      #expect(throws: WireError.self) {
        try CoinscopeRequest(type: bytes[5], payload: Array(bytes[6..<6 + count]).span.bytes)
      }
    }
  }

  @Test(arguments: ["0300000005ffffffff00000001", "09000000000000000000000000", "02"])
  func refusesHostileCountsAndUnknownCommands(_ payload: String) {
    #expect(throws: WireError.self) {
      try CoinscopeRequest(type: 2, payload: Self.bytes(payload).span.bytes)
    }
  }

  @Test func refusesUnknownTypes() {
    #expect(throws: WireError.self) { try CoinscopeRequest(type: 5, payload: [UInt8]().span.bytes) }
  }

  @Test func repliesWithoutFrames() throws {
    #expect(CoinscopeReply.identifier(258) == [0, 0, 1, 2])
    #expect(try CoinscopeReply.identifier([UInt8]([0, 0, 1, 2]).span.bytes) == 258)
    let list = [
      CoinscopeReply.Connection(
        id: 9,
        remote: Endpoint("1.2.3.4:8333")!,
        local: Endpoint("127.0.0.1:0")!
      )
    ]
    let bytes = Self.bytes("00000024 00000009 " + Self.addresses)
    #expect(CoinscopeReply.connections(list) == bytes)
    #expect(try CoinscopeReply.connections(bytes.span.bytes) == list)
    #expect(CoinscopeReply.connections([CoinscopeReply.Connection]()) == [0, 0, 0, 0])
    for count in 0..<bytes.count {
      #expect(throws: WireError.self) { try CoinscopeReply.connections(Array(bytes[..<count]).span.bytes) }
    }
    #expect(throws: WireError.self) { try CoinscopeReply.connections([UInt8]([0, 0, 0, 1, 7]).span.bytes) }
  }

  @Test func showsPeersThatAreNotIPv4AsZeros() throws {
    let list = [
      CoinscopeReply.Connection(id: 1, remote: Endpoint("[2001:db8::1]:8333")!, local: Endpoint("[::1]:5")!)
    ]
    let read = try CoinscopeReply.connections(CoinscopeReply.connections(list).span.bytes)
    #expect(read[0].remote == Endpoint("0.0.0.0:8333"))
  }
}
