import Bytes
import Configuration
import ControlProtocol
import EventLoop
import Logging

/// Takes clients' commands on the control socket, and over TCP on loopback where that is configured.
final class ControlServer {
  private unowned let connector: Connector
  private var listeners: [Listener] = []
  private var sessions: [ControlSession] = []
  private var nextMessage: UInt32 = 1
  private let limit: Int

  /// Messages registered by the sessions that are open.
  var registeredCount: Int { sessions.reduce(0) { $0 + $1.messages.count } }

  var sessionCount: Int { sessions.count }

  init(_ configuration: Configuration.Connector, group: UInt32?, connector: Connector) throws(IOError) {
    self.connector = connector
    limit = configuration.messagePoolSize
    let backlog = Int32(configuration.controlListen)
    try listen(on: .unix(configuration.controlPath), backlog: backlog, group: group)
    if let endpoint = configuration.controlTCP,
      let address = SocketAddress(addressBytes: endpoint.address.bytes, port: endpoint.port)
    {
      try listen(on: address, backlog: backlog, group: nil)
    }
  }

  /// The addresses that clients may connect to.
  var addresses: [SocketAddress] { listeners.map(\.address) }

  /// Takes no more clients; those that are there stay.
  func stopListening() {
    for listener in listeners { listener.close() }
  }

  func close() {
    stopListening()
    for session in sessions { session.closeAfterReplies() }
  }

  func removed(_ session: ControlSession) { sessions.removeAll { $0 === session } }

  /// An id for a message to be registered; nil where the pool is full.
  func takeMessageID() -> UInt32? {
    guard registeredCount < limit else { return nil }
    defer { nextMessage &+= 1 }
    return nextMessage
  }

  private func listen(on address: SocketAddress, backlog: Int32, group: UInt32?) throws(IOError) {
    let listener = try Listener(
      on: address,
      backlog: backlog,
      group: group,
      loop: connector.loop,
      accept: { [unowned self] descriptor, remote in
        sessions.append(ControlSession(descriptor, from: remote, connector: connector, server: self))
      },
      fail: { [unowned self] in connector.report(.error, "control: \($0)") }
    )
    listeners.append(listener)
    connector.logger.info("taking commands", metadata: ["on": "\(listener.address)"])
  }
}
