/// A field of a message as a user writes it, for help.
public struct MessageField: Hashable, Sendable, CustomStringConvertible {
  /// Whether a message needs the field.
  public enum Need: Hashable, Sendable {
    /// The message cannot be made without the field.
    case required
    /// The field has a default.
    case optional
    /// The field replaces all other fields.
    case replacement
  }

  /// The name, as in JSON.
  public let name: String

  /// The form of the value, separators included: `=HASH,…`. Empty if the name is enough.
  public let form: String

  /// Whether a message needs the field.
  public let need: Need

  /// A field that must be present.
  public static func required(_ name: String, _ form: String = "") -> MessageField {
    MessageField(name: name, form: form, need: .required)
  }

  /// A field that may be omitted.
  public static func optional(_ name: String, _ form: String = "") -> MessageField {
    MessageField(name: name, form: form, need: .optional)
  }

  /// A field that replaces all others.
  public static func replacement(_ name: String, _ form: String = "") -> MessageField {
    MessageField(name: name, form: form, need: .replacement)
  }

  /// The name and the form, in brackets if the field may be omitted.
  public var description: String {
    switch need {
    case .required: name + form
    case .optional: "[\(name)\(form)]"
    case .replacement: "\(name)\(form), or"
    }
  }
}
