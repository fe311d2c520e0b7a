import ControlProtocol
import EventLoop
import LogProtocol
import Observations

// The connection as clients and readers see it.
extension PeerConnection {
  /// The connection's state and counters, for clients.
  var info: ConnectionInfo { info(wallOffset: Clock.wallOffset()) }

  /// The connection's state and counters, for clients.
  ///
  /// - Parameter wallOffset: the result of `Clock.wallOffset()`, computed once for many connections.
  func info(wallOffset: UInt64) -> ConnectionInfo {
    var info = ConnectionInfo(
      id: id,
      direction: direction,
      state: state,
      remote: remote,
      local: local,
      since: since
    )
    if let introduction = handshake.peer { info.introduction = introduction }
    info.ping = pings.roundTrip
    info.bytesReceived = stream?.bytesReceived ?? 0
    info.bytesSent = stream?.bytesSent ?? 0
    info.messagesReceived = messagesReceived
    info.messagesSent = messagesSent
    info.opened = opened
    if messagesReceived > 0 { info.lastReceived = lastReceived &+ wallOffset }
    info.lastSent = lastSent
    info.shortestPing = pings.shortest
    info.feeFilter = wishes.feeFilter
    info.features = wishes.features
    info.bytesWaiting = UInt32(clamping: stream?.unsentCount ?? 0)
    return info
  }

  /// The connection as announced to a new log server; nil before it is established.
  var openConnection: OpenConnection? {
    guard isLive, stream != nil, proxy == nil else { return nil }
    return OpenConnection(
      direction: direction,
      remote: remote,
      local: local,
      since: since,
      peer: ConnectionEvent.Peer(handshake.peer)
    )
  }
}
