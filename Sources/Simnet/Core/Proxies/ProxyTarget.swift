import BitcoinWire

/// What a proxy is asked to connect to.
enum ProxyTarget: Equatable {
  /// An address.
  case endpoint(Endpoint)
  /// A name that is no address, which nobody has.
  case name(String)
}

/// What became of a proxy's connect.
enum ProxyOutcome: Equatable {
  /// The client talks to the node from now on.
  case joined
  /// There is no such node.
  case unknown
  /// Nothing listens there.
  case refused
  /// Nothing answered.
  case timedOut
}

/// What a proxy does next.
enum ProxyStep: Equatable {
  /// Send this to the client.
  case reply([UInt8])
  /// Connect, and tell the dialogue what became of it; nothing more is read until then.
  case connect(ProxyTarget)
  /// Close the connection.
  case close
}
