import ArgumentParser
import BitcoinWire

extension NetworkID: ExpressibleByArgument {
  /// The networks that the connector can dial.
  public static let dialled: [NetworkID] = [.ipv4, .ipv6, .torV3, .i2p, .cjdns]

  /// Parses a network's name, in any case.
  public init?(argument: String) {
    guard let network = Self.dialled.first(where: { $0.description == argument.lowercased() }) else {
      return nil
    }
    self = network
  }
}

extension ServiceFlags: ExpressibleByArgument {
  /// Parses service names or a number.
  public init?(argument: String) { self.init(argument) }
}

extension Endpoint: ExpressibleByArgument {
  /// Parses an address with a port.
  public init?(argument: String) { self.init(argument) }
}

extension NetworkAddress: ExpressibleByArgument {
  /// Parses an address without a port.
  public init?(argument: String) { self.init(argument) }
}
