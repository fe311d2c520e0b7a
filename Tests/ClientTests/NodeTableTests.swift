import BitcoinWire
import ControlProtocol
import Testing

@testable import ClientCore

@Suite struct NodeTableTests {
  static let node: ConnectionInfo = {
    var node = ConnectionInfo(
      id: 12,
      direction: .outbound,
      state: .open,
      remote: Endpoint("[2001:db8::1]:8333")!,
      local: Endpoint("[2001:db8::2]:50000")!,
      since: 1_000_000_000
    )
    node.protocolVersion = 70016
    node.services = [.network, .witness]
    node.userAgent = Array("/Satoshi:29.0.0\u{1b}[2J/".utf8)
    node.startHeight = 900_001
    node.relay = true
    node.ping = 23_400_000
    node.messagesReceived = 100
    node.messagesSent = 20
    return node
  }()

  @Test func escapesWhatPeersSay() {
    let lines = NodeTable.lines([Self.node], now: 61_000_000_000)
    #expect(
      lines[1]
        == "12  [2001:db8::1]:8333  out  open     70016  /Satoshi:29.0.0\\x1b[2J/  NETWORK|WITNESS  900001"
        + "     23.4  100   20  1m00s"
    )
  }

  @Test func tellsProgramsEverything() {
    #expect(
      String(decoding: NodeTable.json(Self.node).finish(), as: UTF8.self)
        == #"{"id":12,"address":"[2001:db8::1]:8333","network":"ipv6","local":"[2001:db8::2]:50000","#
        + #""direction":"outbound","state":"open","version":70016,"user_agent":"/Satoshi:29.0.0\\x1b[2J/","#
        + #""services":["NETWORK","WITNESS"],"height":900001,"relay":true,"ping_ns":23400000,"bytes_in":0,"#
        + #""bytes_out":0,"messages_in":100,"messages_out":20,"since_ns":1000000000}"#
    )
  }
}
