import Bytes
import JSON

/// The reason that a message cannot be made from its fields.
public struct FieldError: Error, Hashable, CustomStringConvertible {
  /// The field with the path to it: `nodes[3].port`.
  public let field: String
  /// The problem: "is missing".
  public let problem: String

  /// The field and the problem.
  public var description: String { "\(field) \(problem)" }
}

/// Reads a message's fields as a user or a program wrote them: JSON from `Message.write(to:in:)`, or
/// command-line texts, in which commas separate list elements.
///
/// Each field is read once. A field that is never read is an error, so that nobody believes it had an effect.
public struct FieldReader {
  /// The names that the network uses.
  public let dialect: Dialect

  private var values: [String: JSONValue]
  private let path: String

  /// Creates a reader of a message's fields.
  public init(_ values: [String: JSONValue], in dialect: Dialect) { self.init(values, dialect, "") }

  private init(_ values: [String: JSONValue], _ dialect: Dialect, _ path: String) {
    self.values = values
    self.dialect = dialect
    self.path = path
  }

  /// Throws unless every field was read.
  public func finish() throws(FieldError) {
    guard let name = values.filter({ $0.value != .null }).keys.min() else { return }
    throw FieldError(field: path + name, problem: "is not a known field")
  }

  /// Ignores fields that follow from others.
  public mutating func skip(_ names: String...) { for name in names { values[name] = nil } }

  /// Whether a field is present and not null.
  public func has(_ name: String) -> Bool { values[name].map { $0 != .null } ?? false }

  /// Whether a field is present and null.
  public func isNull(_ name: String) -> Bool { values[name] == .null }

  /// An error at a field of this reader.
  public func error(_ name: String, _ problem: String) -> FieldError {
    FieldError(field: name == Self.value ? path : path + name, problem: problem)
  }

  /// Throws unless the positions in a block increase. The wire encodes them as differences (BIP152).
  public func requireIncreasing(_ indexes: [UInt16], _ name: String) throws(FieldError) {
    guard zip(indexes, indexes.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw error(name, "do not increase from one transaction to the next")
    }
  }

  private mutating func take(_ name: String) -> JSONValue? {
    let value = values.removeValue(forKey: name)
    return value == .null ? nil : value
  }

  /// A field that is a string or a number, as text.
  private mutating func text(_ name: String) throws(FieldError) -> String? {
    switch take(name) {
    case nil: return nil
    case .string(let text), .number(let text): return text
    default: throw error(name, "is neither a text nor a number")
    }
  }

  /// A whole number: decimal, or hexadecimal after `0x`. Throws if it is absent and there is no default.
  public mutating func integer<T: FixedWidthInteger>(_ name: String, default value: T? = nil)
    throws(FieldError) -> T
  {
    guard let text = try text(name) else {
      guard let value else { throw error(name, "is missing") }
      return value
    }
    let number = text.hasPrefix("0x") ? T(text.dropFirst(2), radix: 16) : T(text)
    guard let number, !text.hasPrefix("0x+"), !text.hasPrefix("0x-") else {
      throw error(name, "is not a whole number from \(T.min) to \(T.max)")
    }
    return number
  }

  /// A number written as fixed hexadecimal, the most significant digit first. Also reads `0x…` and decimal; a
  /// JSON number is decimal. Nil if the field is absent.
  public mutating func fixed<T: FixedWidthInteger & UnsignedInteger>(_ name: String) throws(FieldError) -> T?
  {
    switch take(name) {
    case nil: return nil
    case .number(let text):
      if let value = T(text) { return value }
    case .string(let text):
      if let value = UInt64(fixedText: text, digits: T.bitWidth / 4).flatMap({ T(exactly: $0) }) {
        return value
      }
    default: break
    }
    throw error(name, "is neither \(T.bitWidth / 4) hexadecimal digits nor a number")
  }

  /// True or false, or 1 or 0; nil if the field is absent.
  public mutating func bool(_ name: String) throws(FieldError) -> Bool? {
    switch take(name) {
    case nil: return nil
    case .bool(let value): return value
    case .string("true"), .string("1"), .number("1"): return true
    case .string("false"), .string("0"), .number("0"): return false
    default: throw error(name, "is neither true nor false")
    }
  }

  /// A hash in reversed byte order; nil if the field is absent.
  public mutating func hash(_ name: String) throws(FieldError) -> Hash256? {
    guard let text = try text(name) else { return nil }
    guard let hash = Hash256(text) else { throw error(name, "is not a hash of 64 hexadecimal digits") }
    return hash
  }

  /// A hash that must be present.
  public mutating func requiredHash(_ name: String) throws(FieldError) -> Hash256 {
    guard let hash = try hash(name) else { throw error(name, "is missing") }
    return hash
  }

  /// Bytes in hexadecimal. Throws if the field is absent and there is no default.
  public mutating func bytes(_ name: String, default value: [UInt8]? = nil) throws(FieldError) -> [UInt8] {
    guard let text = try text(name) else {
      guard let value else { throw error(name, "is missing") }
      return value
    }
    guard let bytes = Hexadecimal.bytes(text) else {
      throw error(name, "is not written in hexadecimal digits")
    }
    return bytes
  }

  /// Bytes meant as text, escaped as in `EscapedText`; nil if the field is absent.
  public mutating func escaped(_ name: String) throws(FieldError) -> [UInt8]? {
    guard let text = try text(name) else { return nil }
    guard let bytes = EscapedText.bytes(text) else {
      throw error(name, "has a backslash not followed by another one or by x and two hexadecimal digits")
    }
    return bytes
  }

  /// Services: a number or names; nil if the field is absent.
  public mutating func services(_ name: String = "services") throws(FieldError) -> ServiceFlags? {
    skip("service_names")
    guard let text = try text(name) else { return nil }
    guard let services = ServiceFlags(text) else {
      throw error(name, "is neither a number nor names of services")
    }
    return services
  }

  /// The elements of a list, or of a text separated by commas; empty if the field is absent.
  ///
  /// - Parameter read: reads an element. Its reader has the fields of the element if that is an object, else
  ///   the element itself as the field `value`.
  public mutating func list<T>(
    _ name: String,
    _ read: (inout FieldReader) throws(FieldError) -> T
  ) throws(FieldError) -> [T] {
    let elements: [JSONValue]
    switch take(name) {
    case nil: elements = []
    case .array(let values): elements = values
    case .string(let text):
      elements =
        text.isEmpty
        ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map { .string(String($0)) }
    case .number(let text): elements = [.number(text)]
    default: throw error(name, "is not a list")
    }
    var result: [T] = []
    result.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      let place = "\(path)\(name)[\(index)]"
      var reader: FieldReader
      if case .object(let fields) = element {
        reader = FieldReader(fields, dialect, place + ".")
      } else {
        reader = FieldReader([Self.value: element], dialect, place)
      }
      result.append(try read(&reader))
      try reader.finish()
    }
    return result
  }

  /// A group of fields; nil if it is absent.
  public mutating func group<T>(
    _ name: String,
    _ read: (inout FieldReader) throws(FieldError) -> T
  ) throws(FieldError) -> T? {
    switch take(name) {
    case nil: return nil
    case .object(let fields):
      var reader = FieldReader(fields, dialect, "\(path)\(name).")
      let result = try read(&reader)
      try reader.finish()
      return result
    case let value?:
      var reader = FieldReader([Self.value: value], dialect, path + name)
      let result = try read(&reader)
      try reader.finish()
      return result
    }
  }

  /// The name under which a list element that is not an object is read.
  public static let value = "value"

  /// A list element or a group that is a text; nil if it is an object.
  public mutating func plainText() throws(FieldError) -> String? {
    has(Self.value) ? try text(Self.value) : nil
  }
}

extension EscapedText {
  /// The bytes of an escaped text; nil if a backslash is not followed by a backslash or by `xNN`.
  public static func bytes(_ text: String) -> [UInt8]? {
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        result.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "\\"): result.append(byte)
      case UInt8(ascii: "x"):
        guard rest.count >= 2,
          let escaped = Hexadecimal.bytes(String(decoding: rest.prefix(2), as: UTF8.self))
        else { return nil }
        result += escaped
        rest = rest.dropFirst(2)
      default: return nil
      }
    }
    return result
  }
}
