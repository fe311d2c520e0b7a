import BitcoinWire
import Bytes
import Testing

@testable import ClientCore

@Suite struct MessageSpecificationTests {
  @Test func readsOneMessageAfterAnother() throws {
    let words = ["ping", "raw", "verack", "", "raw", "feefilter", "0a0B", "hex", "ff", "mempool", "raw", "x"]
    #expect(
      try MessageSpecification.parse(words) == [
        .ping, .raw("verack", payload: []), .raw("feefilter", payload: [10, 11]), .whole([255]),
        .empty("mempool"), .raw("x", payload: []),
      ]
    )
  }

  @Test(arguments: [
    [], ["pong"], ["raw"], ["raw", "thirteenchars"], ["raw", "ping", "0"], ["raw", "ping", "zz"], ["hex"],
    ["hex", ""], ["hex", "0"], ["ping", "5"],
  ])
  func refusesOtherWords(_ words: [String]) {
    let error = #expect(throws: ClientFailure.self) { try MessageSpecification.parse(words) }
    #expect(error?.status == .usage)
  }

  @Test func findsWhatIsWrongWithWholeMessages() throws {
    let magic = Network.regtest.magic
    let message = Network.regtest.frame(.ping(PingMessage(nonce: 1)))
    func problem(_ bytes: [UInt8]) -> String? { MessageSpecification.problem(bytes, magic: magic) }
    #expect(problem(message) == nil)
    #expect(problem(Array(message.dropLast())) == "it has 31 bytes and needs at least 32")
    #expect(problem(Array(message[..<10])) == "it has 10 bytes and needs at least 24")
    #expect(problem(message + [0]) == "its 32 bytes are followed by 1 more")
    var broken = message
    broken[31] ^= 1
    #expect(problem(broken) == "its checksum is not its payload's")
    broken = message
    broken[4] = 7
    #expect(problem(broken) == "its command is not printable ASCII padded with zeros")
    #expect(problem(Network.mainnet.frame("ping"))?.hasPrefix("its magic is") == true)
  }

  @Test func framesForTheConnectorsNetwork() throws {
    let (name, bytes) = try MessageSpecification.empty("getaddr").message(
      magic: Network.signet.magic,
      force: false
    )
    #expect(name == "getaddr")
    #expect(bytes == Network.signet.frame("getaddr"))
    let ping = try MessageSpecification.ping.message(magic: Network.signet.magic, force: false).bytes
    #expect(MessageSpecification.problem(ping, magic: Network.signet.magic) == nil)
    #expect(ping.count == 32)
  }
}
