/// A kind of value: the accepted values, and how they are read and written.
struct Kind<Value: Sendable>: Sendable {
  /// The accepted values in words that follow "it has to be", such as "a whole number from 0 to 23".
  let expectation: String

  /// Whether a text value on the command line needs no quotes.
  var isText = false

  /// Reads a setting.
  let read: @Sendable (Setting) throws(Mismatch) -> Value

  /// Writes a value in libconfig's syntax; nil for a value that is not written.
  let render: @Sendable (Value) -> String?
}

/// The reason why a setting is not accepted.
struct Mismatch: Error {
  /// The setting, or its element, that is wrong.
  let subject: Setting

  /// `wrongType` or `outOfRange`.
  let kind: ConfigurationError.Kind

  /// The problem in words; nil if the value shows it.
  var reason: String?

  /// The position of the wrong element in its list, from 1; nil if it is not in a list.
  var element: Int?

  static func type(_ subject: Setting) -> Mismatch { Mismatch(subject: subject, kind: .wrongType) }

  static func range(_ subject: Setting, _ reason: String? = nil) -> Mismatch {
    Mismatch(subject: subject, kind: .outOfRange, reason: reason)
  }
}

extension Kind where Value: FixedWidthInteger {
  /// A whole number.
  static func whole(_ range: ClosedRange<Value>) -> Kind {
    Kind(expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)") {
      setting throws(Mismatch) in
      let value: Value?
      switch setting.value {
      case .integer(let number): value = Value(exactly: number)
      case .hexadecimal(let bits): value = Value(exactly: bits)
      default: throw .type(setting)
      }
      guard let value, range.contains(value) else { throw .range(setting) }
      return value
    } render: {
      String($0) + ($0.magnitude > Int32.max.magnitude ? "L" : "")
    }
  }

  /// A bit field, written in hexadecimal.
  static var bits: Kind {
    let whole = whole(0...Value.max)
    return Kind(expectation: "a number of \(Value.bitWidth) bits", read: whole.read) {
      "0x" + String($0, radix: 16, uppercase: true) + ($0.magnitude > Int32.max.magnitude ? "L" : "")
    }
  }
}

extension Kind<UInt32> {
  /// File permissions, in octal digits.
  static var mode: Kind {
    Kind(expectation: "three or four octal digits, \"0660\"", isText: true) { setting throws(Mismatch) in
      guard case .text(let text) = setting.value else { throw .type(setting) }
      guard (3...4).contains(text.utf8.count), let mode = UInt32(text, radix: 8), mode <= 0o777 else {
        throw .range(setting)
      }
      return mode
    } render: {
      quoted("0" + String($0, radix: 8))
    }
  }
}

extension Kind<Double> {
  /// A number, whole or not.
  static func real(_ range: ClosedRange<Double>, _ unit: String = "") -> Kind {
    let limits = "from \(brief(range.lowerBound)) to \(brief(range.upperBound))"
    return Kind(expectation: "a number \(unit.isEmpty ? "" : "of \(unit) ")\(limits)") {
      setting throws(Mismatch) in
      let value: Double
      switch setting.value {
      case .float(let number): value = number
      case .integer(let number): value = Double(number)
      case .hexadecimal(let bits): value = Double(bits)
      default: throw .type(setting)
      }
      guard range.contains(value) else { throw .range(setting) }
      return value
    } render: {
      "\($0)"
    }
  }

  /// A number of seconds.
  static func seconds(_ range: ClosedRange<Double>) -> Kind { real(range, "seconds") }

  private static func brief(_ number: Double) -> String {
    number == number.rounded() ? String(Int(number)) : "\(number)"
  }
}

extension Kind<Bool> {
  /// True or false.
  static var truth: Kind {
    Kind(expectation: "true or false") { setting throws(Mismatch) in
      guard case .boolean(let truth) = setting.value else { throw .type(setting) }
      return truth
    } render: {
      "\($0)"
    }
  }
}

extension Kind {
  /// The same kind, or nil if the key is missing.
  func optional() -> Kind<Value?> {
    Kind<Value?>(expectation: expectation, isText: isText) { setting throws(Mismatch) in
      try read(setting)
    } render: { value in
      value.flatMap { render($0) }
    }
  }

  /// One value, or a list of several.
  func oneOrMore() -> Kind<[Value]> {
    let list = list()
    return Kind<[Value]>(expectation: "\(expectation), or a list ( … ) of them", isText: isText) {
      setting throws(Mismatch) in
      if case .list = setting.value { return try list.read(setting) }
      return [try read(setting)]
    } render: { values in
      values.count == 1 ? render(values[0]) : list.render(values)
    }
  }

  /// A list of any length, written `( … )` or `[ … ]`.
  func list() -> Kind<[Value]> {
    Kind<[Value]>(expectation: "a list ( … ) whose elements are each \(expectation)") {
      setting throws(Mismatch) in
      guard case .list(let elements) = setting.value else { throw .type(setting) }
      var values: [Value] = []
      for (index, element) in elements.enumerated() {
        do throws(Mismatch) {
          values.append(try read(element))
        } catch {
          var mismatch = error
          mismatch.element = index + 1
          throw mismatch
        }
      }
      return values
    } render: { values in
      values.isEmpty ? "( )" : "( " + values.compactMap { render($0) }.joined(separator: ", ") + " )"
    }
  }
}
