import BitcoinWire

/// What kinds of nodes there are, and how to tell them by what they say and do: the first rule that holds names it.
///
/// A line is `NAME: CONDITION, CONDITION …`; all conditions must hold, and none need be given. Conditions are
/// `agent PATTERN`, in which `*` stands for anything and `?` for any character, whatever the case; `services
/// NAME|NAME`, all of them offered; `without NAME|NAME`, none of them offered; `version FROM-TO`; and `answer none`,
/// `answer own` or `answer full`: how it answered `getaddr`. Empty lines, and what follows a `#`, count for nothing.
public struct SpeciesRules: Sendable {
  /// Why a file of rules cannot be read.
  public struct Failure: Error, CustomStringConvertible {
    /// The line, from 1.
    public let line: Int
    /// What is wrong with it.
    public let reason: String
    /// `line 3: …`.
    public var description: String { "line \(line): \(reason)" }
  }

  /// How a node answers when it is asked for addresses.
  enum Answer: String {
    /// Not at all.
    case none
    /// With its own address, or two.
    case own
    /// With more.
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

  /// What a node is that no rule names.
  public static let unknown = "unknown"

  /// Reads rules.
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
          throw Failure(line: number, reason: "\"\(Self.trimmed(part))\" is no condition")
        }
        conditions.append(condition)
      }
      rules.append(Rule(name: String(Self.trimmed(line[..<colon])), conditions: conditions))
    }
  }

  /// The rules that are used where the operator has none.
  public static var standard: SpeciesRules {
    do throws(Failure) { return try SpeciesRules(standardText) } catch { preconditionFailure("\(error)") }
  }

  /// What a node is.
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

  /// Whether bytes are as a pattern says. Going back only to the last `*`, which is enough, it takes no more steps than
  /// the lengths' product.
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
