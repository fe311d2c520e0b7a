import BitcoinWire
import Bytes
import Testing

@Suite struct AlertMessageTests {
  /// The example in the Bitcoin wiki's "Protocol documentation".
  let wiki = Samples.hex(
    """
    73010000003766404f00000000b305434f00000000f2030000f1030000001027000048ee0000
    0064000000004653656520626974636f696e2e6f72672f666562323020696620796f75206861
    76652074726f75626c6520636f6e6e656374696e672061667465722032302046656272756172
    79004730450221008389df45f0703f39ec8c1cc42c13810ffcae14995bb648340219e353b63b
    53eb022009ec65e1c1aaeec1fd334c6b684bde2b3f573060d5b70c3a46723326e4e8a4f1
    """
  )

  /// The final alert, which Bitcoin Core 0.14 sent to every older peer.
  let final = Samples.hex(
    """
    60010000000000000000000000ffffff7f00000000ffffff7ffeffff7f01ffffff7f00000000
    ffffff7f00ffffff7f002f555247454e543a20416c657274206b657920636f6d70726f6d6973
    65642c207570677261646520726571756972656400
    4630440220653febd6410f470f6bae11cad19c48413becb1ac2c17f908fd0fd53bdc3abd5202
    206d0e9c96fe88d4a0f01ed9dedae2b6f9e00da94cad0fecaae66ecf689bf71b50
    """
  )

  @Test func readsTheWikisExample() throws {
    let message = try AlertMessage(wiki.span.bytes)
    let alert = try #require(message.alert)
    #expect(message.signature.count == 71)
    #expect([alert.version, alert.id, alert.cancelUpTo, alert.priority] == [1, 1010, 1009, 100])
    #expect([alert.relayUntil, alert.expiration] == [1_329_620_535, 1_329_792_435])
    #expect([alert.minimumVersion, alert.maximumVersion] == [10_000, 61_000])
    #expect(alert.cancelled == [] && alert.userAgents == [] && alert.comment == [] && alert.reserved == [])
    let status = "See bitcoin.org/feb20 if you have trouble connecting after 20 February"
    #expect(EscapedText.utf8(alert.status) == status)
    #expect(Message.alert(message).summary == "alert 1010 \(status)")
    #expect(message.bytes == wiki)
    #expect(alert.bytes == message.content)
  }

  @Test func readsTheFinalAlert() throws {
    let message = try AlertMessage(final.span.bytes)
    let alert = try #require(message.alert)
    #expect(alert.cancelled == [.max])
    #expect(
      Message.alert(message).summary == "alert 2147483647 URGENT: Alert key compromised, upgrade required"
    )
    #expect(message.bytes == final)
    #expect(alert.bytes == message.content)
  }

  @Test func keepsContentThatIsNoAlert() throws {
    let content = try AlertMessage(wiki.span.bytes).content
    for count in content.indices {
      let message = AlertMessage(content: Array(content[..<count]), signature: [])
      #expect(try AlertMessage(message.bytes.span.bytes) == message)
      #expect(message.alert == nil)
    }
  }

  @Test func refusesALongStatusText() throws {
    var alert = try #require(try AlertMessage(wiki.span.bytes).alert)
    alert.status = [UInt8](repeating: 0x41, count: 256)
    #expect(try Alert(alert.bytes.span.bytes) == alert)
    alert.status.append(0x41)
    #expect(throws: WireError.self) { try Alert(alert.bytes.span.bytes) }
  }
}
