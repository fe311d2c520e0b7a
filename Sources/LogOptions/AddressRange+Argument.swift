import ArgumentParser
import BitcoinWire

extension AddressRange: ExpressibleByArgument {
  /// Parses an address or a network, such as `10.0.0.0/8`.
  public init?(argument: String) { self.init(argument) }
}
