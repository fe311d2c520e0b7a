import ArgumentParser

/// The addresses by which a network's nodes know each other.
public enum AddressGossip: String, Sendable, CaseIterable, ExpressibleByArgument {
  /// The listening addresses, which an observer can connect to.
  case loopback
  /// Addresses of the nodes' networks: routable IPv4 and IPv6, Tor, I2P and CJDNS.
  case real
}
