import ArgumentParser
import BitcoinWire

extension AddressRange: ExpressibleByArgument {
  /// Reads an address or a network.
  public init?(argument: String) { self.init(argument) }
}
