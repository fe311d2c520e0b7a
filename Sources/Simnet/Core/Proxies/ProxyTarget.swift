import BitcoinWire

/// The target of a proxy's connect.
enum ProxyTarget: Equatable {
  /// An address.
  case endpoint(Endpoint)
  /// A host name that is not an address. No node has one.
  case name(String)
}

/// The outcome of a proxy's connect.
enum ProxyOutcome: Equatable {
  /// The client is joined to the target.
  case joined
  /// There is no such node.
  case unknown
  /// Nothing listens at the target.
  case refused
  /// The target did not answer in time.
  case timedOut
}

/// A step for the proxy's socket.
enum ProxyStep: Equatable {
  /// Send these bytes to the client.
  case reply([UInt8])
  /// Connect, then pass the outcome to the dialogue. Read nothing until then.
  case connect(ProxyTarget)
  /// Close the connection.
  case close
}
