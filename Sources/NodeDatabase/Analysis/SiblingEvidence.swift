/// Evidence for or against two endpoints being one node.
public struct SiblingEvidence: Sendable, Equatable {
  /// The kind of evidence.
  public enum Kind: String, CaseIterable, Sendable {
    /// Both are the same endpoint in two notations.
    case sameEndpoint = "same endpoint"
    /// Their introductions are equal.
    case introduction
    /// They said the same height or different heights at about the same time.
    case height
    /// They came, went and were upgraded together, or one did without the other.
    case changes
    /// One advertised the other as nodes advertise themselves.
    case told
    /// They advertised the same addresses with equal times or different times.
    case tellings
    /// They have the same IPv4 address.
    case address
    /// Reverse DNS has the same name or different names for them.
    case hostname
    /// They are in the same autonomous system or in different ones.
    case asn
  }

  /// The kind of evidence.
  public var kind: Kind
  /// The binary logarithm of the likelihood ratio: of one node to two nodes. Negative if it is evidence
  /// against.
  public var bits: Double
  /// The number of observations for it.
  public var agreeing: Int
  /// The number of observations against it.
  public var contrary: Int

  /// Creates evidence.
  public init(_ kind: Kind, bits: Double, for agreeing: Int = 1, against contrary: Int = 0) {
    self.kind = kind
    self.bits = bits
    self.agreeing = agreeing
    self.contrary = contrary
  }
}

/// Two endpoints that may be one node.
public struct SiblingPair: Sendable {
  /// The lower of their indices among the candidates.
  public var first: Int
  /// The higher one.
  public var second: Int
  /// The evidence for and against it.
  public var evidence: [SiblingEvidence]
  /// The binary logarithm of the odds before any evidence.
  public var prior: Double

  /// The sum of all evidence, in bits.
  public var evidenceBits: Double { evidence.reduce(0) { $0 + $1.bits } }

  /// The probability that they are one node, 0 to 1, if the weights of the evidence are right.
  public var confidence: Double { SiblingSettings.probability(bits: prior + evidenceBits) }
}

/// Endpoints that are probably one node.
public struct SiblingGroup: Sendable {
  /// Their indices among the candidates. The first represents the group: IPv4 comes before IPv6, IPv6 before
  /// others.
  public var members: [Int]
  /// The lowest confidence of the pairs that link the group.
  public var confidence: Double
  /// The pairs that link the group, the strongest first.
  public var pairs: [SiblingPair]
}
