import Bytes
import JSON

/// Why a message cannot be made of what was written for its fields.
public struct FieldError: Error, Hashable, CustomStringConvertible {
  /// Which field, with those that it is in: `nodes[3].port`.
  public let field: String
  /// What is wrong with it: "is missing".
  public let problem: String

  /// The field and what is wrong with it.
  public var description: String { "\(field) \(problem)" }
}

/// Takes a message's fields from what a person or a program wrote for them: JSON as `Message.write(to:in:)` writes it,
/// or the texts of a command line, where a list has commas between its elements.
///
/// Each field is taken once; what is left over is an error, so that nobody believes that it was heeded.
public struct FieldReader {
  /// What the network calls things.
  public let dialect: Dialect

  private var values: [String: JSONValue]
  private let path: String

  /// Begins with the fields of a message.
  public init(_ values: [String: JSONValue], in dialect: Dialect) { self.init(values, dialect, "") }

  private init(_ values: [String: JSONValue], _ dialect: Dialect, _ path: String) {
    self.values = values
    self.dialect = dialect
    self.path = path
  }

  /// Throws unless every field was taken.
  public func finish() throws(FieldError) {
    guard let name = values.filter({ $0.value != .null }).keys.min() else { return }
    throw FieldError(field: path + name, problem: "is no field of it")
  }

  /// Passes over fields that follow from others.
  public mutating func skip(_ names: String...) { for name in names { values[name] = nil } }

  /// Whether a field is there and not null.
  public func has(_ name: String) -> Bool { values[name].map { $0 != .null } ?? false }

  /// Whether a field is there and null.
  public func isNull(_ name: String) -> Bool { values[name] == .null }

  /// What is wrong with a field.
  public func error(_ name: String, _ problem: String) -> FieldError {
    FieldError(field: name == Self.value ? path : path + name, problem: problem)
  }

  /// Throws unless places in a block, which are written as differences (BIP152), increase.
  public func requireIncreasing(_ indexes: [UInt16], _ name: String) throws(FieldError) {
    guard zip(indexes, indexes.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw error(name, "do not increase from one transaction's place in the block to the next")
    }
  }

  private mutating func take(_ name: String) -> JSONValue? {
    let value = values.removeValue(forKey: name)
    return value == .null ? nil : value
  }

  /// A field as a text, whichever kind it is.
  private mutating func text(_ name: String) throws(FieldError) -> String? {
    switch take(name) {
    case nil: return nil
    case .string(let text), .number(let text): return text
    default: throw error(name, "is neither a text nor a number")
    }
  }

  /// A whole number: decimal, or hexadecimal after `0x`.
  public mutating func integer<T: FixedWidthInteger>(_ name: String, default value: T? = nil)
    throws(FieldError) -> T
  {
    guard let text = try text(name) else {
      guard let value else { throw error(name, "is missing") }
      return value
    }
    let number = text.hasPrefix("0x") ? T(text.dropFirst(2), radix: 16) : T(text)
    guard let number, !text.hasPrefix("0x+"), !text.hasPrefix("0x-") else {
      throw error(name, "is no whole number from \(T.min) to \(T.max)")
    }
    return number
  }

  /// A number that is written as fixed hexadecimal, the most significant digit first; `0x…` and decimal are read
  /// too, and a JSON number is decimal. Nil where it is not there.
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

  /// True or false; 1 and 0 stand for them.
  public mutating func bool(_ name: String) throws(FieldError) -> Bool? {
    switch take(name) {
    case nil: return nil
    case .bool(let value): return value
    case .string("true"), .string("1"), .number("1"): return true
    case .string("false"), .string("0"), .number("0"): return false
    default: throw error(name, "is neither true nor false")
    }
  }

  /// A hash, in reversed byte order.
  public mutating func hash(_ name: String) throws(FieldError) -> Hash256? {
    guard let text = try text(name) else { return nil }
    guard let hash = Hash256(text) else { throw error(name, "is no hash of 64 hexadecimal digits") }
    return hash
  }

  /// A hash that has to be there.
  public mutating func requiredHash(_ name: String) throws(FieldError) -> Hash256 {
    guard let hash = try hash(name) else { throw error(name, "is missing") }
    return hash
  }

  /// Bytes in hexadecimal.
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

  /// Bytes that are meant as text, escaped as `EscapedText` has it.
  public mutating func escaped(_ name: String) throws(FieldError) -> [UInt8]? {
    guard let text = try text(name) else { return nil }
    guard let bytes = EscapedText.bytes(text) else {
      throw error(name, "has a backslash that is followed by neither another nor x and two digits")
    }
    return bytes
  }

  /// Services: a number or names.
  public mutating func services(_ name: String = "services") throws(FieldError) -> ServiceFlags? {
    skip("service_names")
    guard let text = try text(name) else { return nil }
    guard let services = ServiceFlags(text) else {
      throw error(name, "is neither a number nor names of services")
    }
    return services
  }

  /// The elements of a list; of a text, what its commas separate. None where it is not there.
  ///
  /// - Parameter read: reads an element, which is given as the field `value` of a reader of its own or, where it is
  ///   an object, as that object's fields.
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
    default: throw error(name, "is no list")
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

  /// A group of fields; nil where it is not there.
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

  /// The field that an element of a list is where it is no object.
  public static let value = "value"

  /// An element of a list, or a group, that is a text; nil where it is an object.
  public mutating func plainText() throws(FieldError) -> String? {
    has(Self.value) ? try text(Self.value) : nil
  }
}

extension EscapedText {
  /// The bytes of an escaped text; nil where a backslash is followed by neither another nor `xNN`.
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
