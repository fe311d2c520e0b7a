import Access
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
  private var gate: AccessGate?

  /// Messages registered by the sessions that are open.
  var registeredCount: Int { sessions.reduce(0) { $0 + $1.messages.count } }

  var sessionCount: Int { sessions.count }

  init(
    _ configuration: Configuration,
    group: UInt32?,
    key: AccessKey?,
    connector: Connector
  ) throws(IOError) {
    self.connector = connector
    let mode = configuration.permissions.socketMode
    let configuration = configuration.connector
    limit = configuration.messagePoolSize
    let backlog = Int32(configuration.controlListen)
    let accept: (Int32, SocketAddress) -> Void = { [unowned self] in add($0, from: $1) }
    try listen(on: .unix(configuration.controlPath), backlog: backlog, mode: mode, group: group, accept)
    if let key {
      gate = AccessGate(key, for: .control, on: connector.loop, accept: accept) { [unowned connector] in
        connector.report(.error, "control: \($0)")
      }
    }
    if let endpoint = configuration.controlTCP,
      let address = SocketAddress(addressBytes: endpoint.address.bytes, port: endpoint.port)
    {
      try listen(on: address, backlog: backlog, mode: mode, group: nil) { [unowned self] in
        if let gate { gate.challenge($0, from: $1) } else { add($0, from: $1) }
      }
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

  private func add(_ descriptor: Int32, from remote: SocketAddress) {
    sessions.append(ControlSession(descriptor, from: remote, connector: connector, server: self))
  }

  private func listen(
    on address: SocketAddress,
    backlog: Int32,
    mode: UInt32,
    group: UInt32?,
    _ accept: @escaping (Int32, SocketAddress) -> Void
  ) throws(IOError) {
    let listener = try Listener(
      on: address,
      backlog: backlog,
      mode: mode,
      group: group,
      loop: connector.loop,
      accept: accept,
      fail: { [unowned self] in connector.report(.error, "control: \($0)") }
    )
    listeners.append(listener)
    connector.logger.info("taking commands", metadata: ["on": "\(listener.address)"])
  }
}
