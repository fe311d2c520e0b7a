import Bytes
import JSON

/// `filteradd`: adds an element to the bloom filter (BIP37). CompactSize length and bytes.
public struct FilterAddMessage: MessagePayload {
  /// The longest element in bytes (`MAX_SCRIPT_ELEMENT_SIZE`).
  public static let maximumElement = 520

  /// The element: a key, a script's data, an outpoint or other data of a transaction.
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
  public func write(to json: inout JSONWriter, in dialect: Dialect) { json.hexadecimal("element", element) }

  /// Makes the message from its field.
  public init(fields: inout FieldReader) throws(FieldError) { element = try fields.bytes("element") }

  /// The length of the element.
  public func summary(in dialect: Dialect) -> String {
    "\(element.count) bytes"
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.required("element")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [FilterAddMessage(element: [0xde, 0xad])]
}

extension Command {
  /// Adds to a bloom filter (BIP37).
  public static let filteradd: Command = "filteradd"
}

extension MessageKind {
  /// `filteradd`.
  static let filteradd = MessageKind(
    .filteradd,
    Message.filteradd,
    bips: [37, 111],
    since: 70001,
    service: .bloom,
    limits: [("filter element", FilterAddMessage.maximumElement)]
  )
}
