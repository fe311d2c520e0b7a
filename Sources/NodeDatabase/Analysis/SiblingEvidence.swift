/// What speaks for, or against, two endpoints being one node.
public struct SiblingEvidence: Sendable, Equatable {
  /// What it is.
  public enum Kind: String, CaseIterable, Sendable {
    /// They are one endpoint, written in two ways.
    case sameEndpoint = "same endpoint"
    /// They say the same of themselves.
    case introduction
    /// They said the same height, or others, at about the same time.
    case height
    /// They came, went and were upgraded together, or one without the other.
    case changes
    /// One told of the other, as of itself.
    case told
    /// They told of the same addresses with the same times, or with others.
    case tellings
    /// They are at the same IPv4 address.
    case address
    /// Reverse DNS has the same name for both, or not.
    case hostname
    /// They are in the same autonomous system, or not.
    case asn
  }

  /// What it is.
  public var kind: Kind
  /// How many times likelier it is where they are one node than where they are two, as a logarithm to base 2.
  public var bits: Double
  /// How many times it was seen.
  public var agreeing: Int
  /// How many times the contrary was seen.
  public var contrary: Int

  /// Joins what was seen.
  public init(_ kind: Kind, bits: Double, for agreeing: Int = 1, against contrary: Int = 0) {
    self.kind = kind
    self.bits = bits
    self.agreeing = agreeing
    self.contrary = contrary
  }
}

/// Two endpoints that may be one node.
public struct SiblingPair: Sendable {
  /// Their places among the candidates, the lower first.
  public var first: Int
  /// The higher one.
  public var second: Int
  /// What speaks for it, and against.
  public var evidence: [SiblingEvidence]
  /// What is believed of any two endpoints before anything is known, as a logarithm of odds to base 2.
  public var prior: Double

  /// All evidence together.
  public var evidenceBits: Double { evidence.reduce(0) { $0 + $1.bits } }

  /// How likely it is that they are one node, 0 … 1, if the evidence is what it is taken for.
  public var confidence: Double { SiblingSettings.probability(bits: prior + evidenceBits) }
}

/// Endpoints that are believed to be one node.
public struct SiblingGroup: Sendable {
  /// Their places among the candidates: who stands for all of them first, in IPv4 before IPv6 before the others.
  public var members: [Int]
  /// That of the weakest of the pairs that hold it together.
  public var confidence: Double
  /// The pairs that hold it together, the strongest first.
  public var pairs: [SiblingPair]
}
