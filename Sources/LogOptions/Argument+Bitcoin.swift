import ArgumentParser
import BitcoinWire

extension NetworkID: ExpressibleByArgument {
  /// The networks that addresses to connect to are of.
  public static let dialled: [NetworkID] = [.ipv4, .ipv6, .torV3, .i2p, .cjdns]

  /// Reads a network's name.
  public init?(argument: String) {
    guard let network = Self.dialled.first(where: { $0.description == argument.lowercased() }) else {
      return nil
    }
    self = network
  }
}

extension ServiceFlags: ExpressibleByArgument {
  /// Reads names or a number.
  public init?(argument: String) { self.init(argument) }
}

extension Endpoint: ExpressibleByArgument {
  /// Reads an address and a port.
  public init?(argument: String) { self.init(argument) }
}

extension NetworkAddress: ExpressibleByArgument {
  /// Reads an address.
  public init?(argument: String) { self.init(argument) }
}
