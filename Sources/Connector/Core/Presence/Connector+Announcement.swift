import BitcoinWire
import Configuration
import EventLoop

// Our introduction and our address announcements.
extension Connector {
  /// Our `version` for a peer (BIP14, BIP37). A client's choices override the configuration.
  func introduction(to remote: Endpoint, nonce: UInt64, as wishes: Presentation?) -> VersionMessage {
    let services = wishes?.services ?? ServiceFlags(rawValue: settings.services)
    return VersionMessage(
      version: versions.upperBound,
      services: services,
      time: Int64(Clock.now() / 1_000_000_000),
      receiver: .init(
        services: [],
        endpoint: remote.address.hasLegacyForm ? remote : Endpoint(.ipv6(0), port: 0)
      ),
      sender: .init(services: services, endpoint: Endpoint(.ipv6(0), port: 0)),
      nonce: nonce,
      userAgent: wishes?.userAgent ?? Array(configuration.connector.userAgent.utf8),
      startHeight: max(settings.startHeight, settings.followHeight ? heights.median ?? 0 : 0),
      relay: wishes?.relay ?? configuration.connector.relay
    )
  }

  /// Announces an address of ours to a peer, as coinscope does: the configured one, or the first that we
  /// listen on. Sends a ping if there is none, or none in a form that the peer understands.
  func announceOurselves(to connection: PeerConnection) {
    guard let endpoint = ownEndpoint(for: connection) else { return connection.sendPing() }
    let node = KnownNode(
      time: UInt32(clamping: Clock.now() / 1_000_000_000),
      services: ServiceFlags(rawValue: settings.services),
      endpoint: endpoint
    )
    if connection.takesAddrV2 {
      connection.send(.addrv2(AddrV2Message(nodes: [node])))
    } else if endpoint.address.hasLegacyForm {
      connection.send(.addr(AddrMessage(nodes: [node])))
    } else {
      connection.sendPing()
    }
  }

  private func ownEndpoint(for connection: PeerConnection) -> Endpoint? {
    if let configured = try? Self.announcedEndpoint(configuration) { return configured }
    guard let listening = listeningAddresses.first.flatMap({ Endpoint($0) }) else { return nil }
    // If we listen on any address, announce the one that the peer is connected to.
    let isAny = listening.address == .ipv4(0) || listening.address == .ipv6(0)
    return isAny ? Endpoint(connection.local.address, port: listening.port) : listening
  }

  /// The configured address to announce; nil if there is none.
  ///
  /// - Throws: `ConfigurationError` if it is not an address with a port.
  static func announcedEndpoint(_ configuration: Configuration) throws(ConfigurationError) -> Endpoint? {
    guard let text = configuration.connector.bitcoin.activePing.address else { return nil }
    if let endpoint = Endpoint(text), endpoint.port > 0 { return endpoint }
    let key = "connector.bitcoin.active_ping.address"
    throw ConfigurationError(
      .outOfRange,
      origin: configuration.origin(of: key),
      key: key,
      reason: "\"\(text)\" is not an address with a port",
      remedy: "write it as 203.0.113.5:8333, [2001:db8::5]:8333 or NAME.onion:8333"
    )
  }
}
