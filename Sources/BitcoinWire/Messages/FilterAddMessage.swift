import Bytes
import JSON

/// `filteradd`: adds an element to the bloom filter (BIP37). CompactSize length and bytes.
public struct FilterAddMessage: MessagePayload {
  /// The longest element in bytes (`MAX_SCRIPT_ELEMENT_SIZE`).
  public static let maximumElement = 520

  /// The element: a key, a script's data, an outpoint or whatever else transactions hold.
  public var element: [UInt8]

  /// Creates a message with this element.
  public init(element: [UInt8]) { self.element = element }

  /// Reads the element.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    element = try reader.counted("filter element", maximum: Self.maximumElement)
  }

  /// Appends the element.
  public func append(to bytes: inout [UInt8]) { bytes.appendCounted(element) }

  /// Writes the element.
  public func write(to json: inout JSONWriter) { json.hexadecimal("element", element) }
}
