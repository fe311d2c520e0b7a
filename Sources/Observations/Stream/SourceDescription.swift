import Bytes

/// A program's description of itself for the log server.
///
/// Layout, big-endian: u64 instance, u32 process id, text kind, text name, text version (a text is u16 count,
/// UTF-8).
public struct SourceDescription: Equatable, Sendable {
  /// The number that identifies one run of the program, and its sequence numbers (`SourceIdentity`).
  public var instance: UInt64
  /// The program's process id.
  public var process: UInt32
  /// The kind of program: `connector`, `netmine`, `coinscope`, …
  public var kind: String
  /// The name that its operator gave it; may be empty.
  public var name: String
  /// The program's version.
  public var version: String

  /// Creates a description.
  ///
  /// - Parameter instance: may be left out for a `LogPublisher`, which sets its own.
  public init(instance: UInt64 = 0, process: UInt32, kind: String, name: String, version: String) {
    self.instance = instance
    self.process = process
    self.kind = kind
    self.name = name
    self.version = version
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(_ reader: inout ByteReader) throws(WireError) {
    instance = try reader.big("instance")
    process = try reader.big("process id")
    kind = try reader.text("kind")
    name = try reader.text("name")
    version = try reader.text("version")
  }

  /// Appends the fields.
  public func write(to bytes: inout [UInt8]) {
    bytes.appendBig(instance)
    bytes.appendBig(process)
    bytes.appendText(kind)
    bytes.appendText(name)
    bytes.appendText(version)
  }
}
