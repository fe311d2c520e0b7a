import BitcoinWire

/// Rules that assign species to nodes. The first rule whose conditions all hold names the species.
///
/// A line is `NAME: CONDITION, CONDITION …`; a rule may have no condition. Conditions are: `agent PATTERN`,
/// where `*` matches any text and `?` any character, and case is ignored; `services NAME|NAME`, all of them
/// offered; `without NAME|NAME`, none of them offered; `version FROM-TO`, both included; and `answer none`,
/// `answer own` or `answer full`, for the answer to `getaddr`. Empty lines and text after `#` are ignored.
public struct SpeciesRules: Sendable {
  /// An error in a file of rules.
  public struct Failure: Error, CustomStringConvertible {
    /// The line, from 1.
    public let line: Int
    /// The error in the line.
    public let reason: String
    /// `line 3: …`.
    public var description: String { "line \(line): \(reason)" }
  }

  /// The kind of answer to `getaddr`.
  enum Answer: String {
    /// It does not answer.
    case none
    /// It answers with at most two addresses.
    case own
    /// It answers with more.
    case full
  }

  enum Condition {
    case agent([UInt8])
    case services(ServiceFlags)
    case without(ServiceFlags)
    case version(ClosedRange<Int32>)
    case answer(Answer)
  }

  private struct Rule {
    let name: String
    let conditions: [Condition]
  }

  private var rules: [Rule] = []

  /// The species of a node that no rule matches.
  public static let unknown = "unknown"

  /// Parses rules.
  public init(_ text: String) throws(Failure) {
    var number = 0
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      number += 1
      let line = Self.trimmed(line.prefix { $0 != "#" })
      if line.isEmpty { continue }
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
        throw Failure(line: number, reason: "write NAME: CONDITION, CONDITION …")
      }
      var conditions: [Condition] = []
      for part in line[line.index(after: colon)...].split(separator: ",") {
        let words = part.split(separator: " ", maxSplits: 1)
        guard let word = words.first else { continue }
        let value = words.count > 1 ? Self.trimmed(words[1]) : ""
        guard let condition = Self.condition(String(word), String(value)) else {
          throw Failure(line: number, reason: "\"\(Self.trimmed(part))\" is not a condition")
        }
        conditions.append(condition)
      }
      rules.append(Rule(name: String(Self.trimmed(line[..<colon])), conditions: conditions))
    }
  }

  /// The rules to use if the operator configures none.
  public static var standard: SpeciesRules {
    do throws(Failure) { return try SpeciesRules(standardText) } catch { preconditionFailure("\(error)") }
  }

  /// The species of a node.
  public func species(of node: FoundNode) -> String {
    rules.first { $0.conditions.allSatisfy { Self.holds($0, of: node) } }?.name ?? Self.unknown
  }

  private static func holds(_ condition: Condition, of node: FoundNode) -> Bool {
    let peer = node.introduction
    switch condition {
    case .agent(let pattern): return matches(pattern[...], peer.userAgent.map(lowercase)[...])
    case .services(let services): return peer.services.isSuperset(of: services)
    case .without(let services): return peer.services.isDisjoint(with: services)
    case .version(let range): return range.contains(peer.protocolVersion)
    case .answer(.none): return node.answerCount == nil && node.isSilent
    case .answer(.own): return node.answerCount.map { $0 <= 2 } ?? false
    case .answer(.full): return node.answerCount.map { $0 > 2 } ?? false
    }
  }

  private static func condition(_ word: String, _ value: String) -> Condition? {
    switch word {
    case "agent": return value.isEmpty ? nil : .agent(value.utf8.map(lowercase))
    case "services": return services(value).map { .services($0) }
    case "without": return services(value).map { .without($0) }
    case "version":
      let bounds = value.split(separator: "-", omittingEmptySubsequences: false).map { Int32($0) }
      guard bounds.count == 2, let low = bounds[0], let high = bounds[1], low <= high else { return nil }
      return .version(low...high)
    case "answer": return Answer(rawValue: value).map { .answer($0) }
    default: return nil
    }
  }

  private static func services(_ names: String) -> ServiceFlags? {
    ServiceFlags(names).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Whether bytes match a pattern. It backtracks only to the last `*`, which suffices, so that it takes no
  /// more steps than the product of the lengths.
  static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    var place = pattern.startIndex
    var position = text.startIndex
    var star: (place: Int, position: Int)?
    while position < text.endIndex {
      if place < pattern.endIndex, pattern[place] == UInt8(ascii: "*") {
        star = (place, position)
        place += 1
      } else if place < pattern.endIndex,
        pattern[place] == UInt8(ascii: "?") || pattern[place] == text[position]
      {
        place += 1
        position += 1
      } else if let last = star {
        star = (last.place, last.position + 1)
        place = last.place + 1
        position = last.position + 1
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
  }

  private static func lowercase(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte + 32 : byte
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop { $0.isWhitespace }
    return start[..<(start.lastIndex { !$0.isWhitespace }.map { start.index(after: $0) } ?? start.startIndex)]
  }
}
