import ArgumentParser

/// By which addresses the nodes of a network know each other.
public enum AddressGossip: String, Sendable, CaseIterable, ExpressibleByArgument {
  /// Where they listen, so that whoever hears of one can connect to it.
  case loopback
  /// Those of the networks that they are on: routable IPv4 and IPv6, Tor, I2P and CJDNS.
  case real
}
