import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import LogProtocol
import Observations

// The handling of each message.
extension PeerConnection {
  func received(_ header: MessageHeader, _ message: UnsafeRawBufferPointer, checksumValid: Bool) {
    messagesReceived += 1
    // As Bitcoin Core does: a message with a wrong checksum is recorded and otherwise ignored.
    guard checksumValid else { return }
    let payload = UnsafeRawBufferPointer(rebasing: message.dropFirst(MessageHeader.size)).bytes
    switch header.command {
    case .version:
      do throws(WireError) {
        let version = try VersionMessage(payload)
        let isOurs = direction == .inbound && version.nonce.map(connector.meetsItself) ?? false
        perform(handshake.receivedVersion(version, isOurs: isOurs))
      } catch {
        let outcome = Outcome(.protocolError, .malformed(.version, Outcome.MalformedField(error)))
        end(.closedByUs, outcome, evidence: evidence(message))
      }
    case .verack:
      perform(handshake.receivedVerack())
    case .pong:
      guard let pong = try? PongMessage(payload) else { return }
      // The round trip ends when the answer arrives, which may be a while before we read it.
      let delay = UInt64(max(0, Int64(bitPattern: Clock.now() &- lastTime)))
      pings.answered(pong.nonce, now: Clock.monotonic(), delay: delay)
    case .inv:
      guard connector.followsAnnouncements else { return }
      connector.fetcher.announced(payload, by: id)
      connector.announcer.heard(header.command, payload, of: self)
    case .headers, .cmpctblock:
      guard connector.followsAnnouncements else { return }
      connector.announcer.heard(header.command, payload, of: self)
    case .tx: connector.fetcher.received(transaction: payload)
    case .block: connector.fetcher.received(block: payload)
    case .notfound: connector.fetcher.missing(payload, at: id)
    case .wtxidrelay, .sendaddrv2, .sendheaders, .sendtxrcncl, .sendcmpct, .feefilter:
      wishes.heard(header.command, payload)
    default:
      guard handshake.peer != nil, let answer = PoliteAnswer.to(header.command, payload: payload) else {
        return
      }
      let bytes = connector.network.frame(answer)
      // The peer that asks is charged for parsing the request, and for making, hashing and recording the
      // answer.
      stream?.charge(ReadGate.messageCost + 2 * bytes.count)
      send(bytes)
    }
  }

  func perform(_ actions: [Handshake.Action]) {
    for action in actions {
      switch action {
      case .sendVersion: send(.version(connector.introduction(to: remote, nonce: nonce, as: presentation)))
      case .send(let command): send(connector.network.frame(command))
      case .reject(let outcome): end(.closedByUs, outcome)
      case .complete:
        setState(.open)
        opened = Clock.now()
        publish(event(.handshaken, duration: Clock.monotonic() - begun))
        tellHandshaken()
        connector.opened(self)
      }
    }
  }

  private func tellHandshaken() {
    guard let introduction = handshake.peer else { return }
    tell(.handshaken(id, introduction, duration: Clock.monotonic() - begun))
  }
}
