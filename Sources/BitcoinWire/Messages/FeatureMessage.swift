import Bytes
import JSON

/// `feature`: announces a feature of the sender, before `verack` (BIP434).
///
/// Name of the feature, CompactSize length of 4 to 80 and bytes; data of the feature, CompactSize length of
/// at most 512 and bytes. Bitcoin Core disconnects a peer whose message has more bytes after the data.
public struct FeatureMessage: MessagePayload {
  /// The shortest name in bytes.
  public static let minimumName = 4

  /// The longest name in bytes (`MAX_FEATUREID_LENGTH`).
  public static let maximumName = 80

  /// The most data in bytes (`MAX_FEATUREDATA_LENGTH`).
  public static let maximumData = 512

  /// Name of the feature; any bytes.
  public var name: [UInt8]

  /// The data, as the feature's specification defines it.
  public var data: [UInt8]

  /// Creates a message from its fields.
  public init(name: [UInt8], data: [UInt8] = []) {
    self.name = name
    self.data = data
  }

  /// Reads the fields.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    let offset = reader.offset
    name = try reader.counted("feature name", maximum: Self.maximumName)
    guard name.count >= Self.minimumName else {
      let problem = WireError.Problem.invalid("is shorter than \(Self.minimumName) bytes")
      throw WireError(problem, field: "feature name", offset: offset)
    }
    data = try reader.counted("feature data", maximum: Self.maximumData)
  }

  /// Appends the fields.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendCounted(name)
    bytes.appendCounted(data)
  }

  /// Writes the name as text and the data.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.member("name", EscapedText.utf8(name))
    json.hexadecimal("data", data)
  }

  /// Makes the message from its fields: `name`, `data` (none).
  public init(fields: inout FieldReader) throws(FieldError) {
    guard let name = try fields.escaped("name") else { throw fields.error("name", "is missing") }
    self.init(name: name, data: try fields.bytes("data", default: []))
  }

  /// The name.
  public func summary(in dialect: Dialect) -> String {
    EscapedText.utf8(name)
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [.required("name"), .optional("data")]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [FeatureMessage(name: Array("BIP9999".utf8), data: [1, 2])]
}

extension Command {
  /// Announces a feature of the sender (BIP434).
  public static let feature: Command = "feature"
}

extension MessageKind {
  /// `feature`.
  static let feature = MessageKind(
    .feature,
    Message.feature,
    bips: [434],
    since: 70017,
    limits: [("feature name", FeatureMessage.maximumName), ("feature data", FeatureMessage.maximumData)]
  )
}
