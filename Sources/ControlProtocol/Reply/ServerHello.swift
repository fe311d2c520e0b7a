import BitcoinWire
import Bytes

/// Whom a client talks to: the reply to `hello`.
///
/// Layout: u8 version, text name, text network name, u32 magic, u16 default port, u64 instance, u8 reach. Fields may be
/// added at the end; a reader ignores what it does not know.
public struct ServerHello: Hashable, Sendable {
  /// The version that both go on in: the highest they have in common.
  public var version: UInt8
  /// The program and its version: `connector 0.1.0`.
  public var server: String
  /// The name of the Bitcoin network it is connected to.
  public var networkName: String
  /// What the network's messages begin with, as `Network.magic`.
  public var magic: UInt32
  /// The port the network's nodes listen on where nothing else is said.
  public var defaultPort: UInt16
  /// The random number the connector chose when it started, as in the log stream.
  public var instance: UInt64
  /// Where the network's nodes are; from a connector that does not say, as the network of that name has them.
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
      // What a later connector means by another number may be the strictest.
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
