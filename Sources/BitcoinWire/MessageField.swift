/// A field of a message as a person may write it, for help.
public struct MessageField: Hashable, Sendable, CustomStringConvertible {
  /// Whether a message can do without the field.
  public enum Need: Hashable, Sendable {
    /// Without it there is no message.
    case required
    /// It has a value of its own if it is left out.
    case optional
    /// It replaces all other fields.
    case replacement
  }

  /// The name, as in JSON.
  public let name: String

  /// How the value is written if the name does not say so, with what comes between them: `=HASH,…`.
  public let form: String

  /// Whether a message can do without it.
  public let need: Need

  /// A field that has to be there.
  public static func required(_ name: String, _ form: String = "") -> MessageField {
    MessageField(name: name, form: form, need: .required)
  }

  /// A field that may be left out.
  public static func optional(_ name: String, _ form: String = "") -> MessageField {
    MessageField(name: name, form: form, need: .optional)
  }

  /// A field that replaces all others.
  public static func replacement(_ name: String, _ form: String = "") -> MessageField {
    MessageField(name: name, form: form, need: .replacement)
  }

  /// The name and the form, in brackets if the field may be left out.
  public var description: String {
    switch need {
    case .required: name + form
    case .optional: "[\(name)\(form)]"
    case .replacement: "\(name)\(form), or"
    }
  }
}
