import BitcoinWire
import ControlProtocol
import Testing

@testable import ControlCommands

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
    node.introduction.protocolVersion = 70016
    node.introduction.services = [.network, .witness]
    node.introduction.userAgent = Array("/Satoshi:29.0.0\u{1b}[2J/".utf8)
    node.introduction.startHeight = 900_001
    node.introduction.relay = true
    node.ping = 23_400_000
    node.features = .addrV2
    node.feeFilter = 1000
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
        + #""services":["NETWORK","WITNESS"],"height":900001,"relay":true,"features":["sendaddrv2"],"#
        + #""fee_filter":1000,"ping_ns":23400000,"shortest_ping_ns":null,"bytes_in":0,"bytes_out":0,"#
        + #""bytes_waiting":0,"messages_in":100,"messages_out":20,"since_ns":1000000000,"opened_ns":null,"#
        + #""last_received_ns":null,"last_sent_ns":null}"#
    )
  }

  @Test func hasAColumnForEverything() {
    let columns = ConnectionColumn.allCases
    let line = columns.map { $0.text(Self.node, now: 61_000_000_000) }
    #expect(
      line == [
        "12", "[2001:db8::1]:8333", "ipv6", "[2001:db8::2]:50000", "out", "open", "70016",
        "/Satoshi:29.0.0\\x1b[2J/", "NETWORK|WITNESS", "900001", "yes", "sendaddrv2", "1000", "23.4", "-",
        "100",
        "20", "0 B", "0 B", "-", "-", "0 B", "1m00s",
      ]
    )
    #expect(NodeColumnList(argument: "id,PING")?.columns == [.id, .ping])
    for wrong in ["", "id,", "idd"] { #expect(NodeColumnList(argument: wrong) == nil) }
  }

  @Test func sortsByAnyColumn() {
    let given: [(UInt32, String, UInt64)] = [
      (1, "10.0.0.10:1", 5), (2, "9.0.0.1:1", 0), (3, "10.0.0.9:2", 7), (4, "[::1]:1", 7),
    ]
    let nodes = given.map {
      var node = ConnectionInfo(
        id: $0.0,
        direction: .inbound,
        state: .open,
        remote: Endpoint($0.1)!,
        local: Endpoint("127.0.0.1:8333")!,
        since: 0
      )
      node.ping = $0.2
      return node
    }
    func order(_ text: String) -> [UInt32]? { NodeOrder(argument: text)?.sorted(nodes).map(\.id) }
    #expect(order("address") == [2, 3, 1, 4])
    #expect(order("-address") == [4, 1, 3, 2])
    // Unknown values come last in both directions.
    #expect(order("ping") == [1, 3, 4, 2])
    #expect(order("-ping") == [3, 4, 1, 2])
    #expect(order("pings") == nil)
  }
}
