import BitcoinWire
import Bytes

/// The connector's introduction: the reply to `hello`.
///
/// Layout: u8 version, text name, text network name, u32 magic, u16 default port, u64 instance, u8 reach.
/// Fields may be added at the end; a reader ignores fields that it does not know.
public struct ServerHello: Hashable, Sendable {
  /// The protocol version for the rest of the connection: the highest that both ends speak.
  public var version: UInt8
  /// The program and its version, such as `connector 0.1.0`.
  public var server: String
  /// The name of the connector's Bitcoin network.
  public var networkName: String
  /// The network's magic, the first bytes of its messages, as `Network.magic`.
  public var magic: UInt32
  /// The default port of the network's nodes.
  public var defaultPort: UInt16
  /// The random number that the connector chose at its start, as in the log stream.
  public var instance: UInt64
  /// Where the network's nodes may be. If the connector does not send it, the reach of the known network of
  /// that name.
  public var reach: Network.Reach

  /// Describes a connector.
  public init(
    version: UInt8 = ControlFrame.currentVersion,
    server: String,
    networkName: String,
    magic: UInt32,
    defaultPort: UInt16,
    instance: UInt64,
    reach: Network.Reach
  ) {
    self.version = version
    self.server = server
    self.networkName = networkName
    self.magic = magic
    self.defaultPort = defaultPort
    self.instance = instance
    self.reach = reach
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(WireError) {
    version = try reader.big("version")
    server = try reader.text("server name")
    networkName = try reader.text("network name")
    magic = try reader.big("magic")
    defaultPort = try reader.big("default port")
    instance = try reader.big("instance")
    if reader.remaining > 0 {
      // A later connector may use an unknown number: assume the strictest reach.
      reach = Network.Reach(rawValue: try reader.big("reach")) ?? .simulation
    } else {
      reach = Network(named: networkName)?.reach ?? .anywhere
    }
    try reader.skip(reader.remaining, "later fields")
  }

  func write(to bytes: inout [UInt8]) {
    bytes.append(version)
    bytes.appendText(server)
    bytes.appendText(networkName)
    bytes.appendBig(magic)
    bytes.appendBig(defaultPort)
    bytes.appendBig(instance)
    bytes.append(reach.rawValue)
  }
}
