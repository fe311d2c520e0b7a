/// A way in which a node is unpleasant to its peers.
public enum Neighbour: String, Sendable, CaseIterable {
  /// Nothing listens at its address.
  case refused
  /// Its listener never answers: a connect lasts until the caller's time-out.
  case blackHole = "black-hole"
  /// It closes every connection before it sends anything, as a node without a free slot does.
  case full
  /// It accepts connections and never sends anything.
  case mute
  /// It sends its version a byte at a time.
  case slowLoris = "slow-loris"
  /// It sends random bytes.
  case garbage
  /// It uses another network's magic: Bitcoin's main network's.
  case wrongMagic = "wrong-magic"
  /// Its first header claims 4,294,967,295 bytes.
  case hugeLength = "huge-length"
  /// After the handshake it sends a header that claims one byte more than allowed.
  case overlong
  /// After the handshake it sends a header that claims the most bytes allowed, and nothing follows.
  case promise
  /// It resets the connection in the middle of its version.
  case resetter
  /// After the handshake it sends nothing more, and answers no ping.
  case silent
  /// After the handshake it never reads, and keeps requesting.
  case neverReading = "never-reading"
  /// It sends addresses that nobody listens at, without end.
  case addressSpammer = "address-spammer"
  /// It announces nonexistent transactions, without end.
  case inventoryFlooder = "inv-flooder"
  /// It sends pings without end.
  case pingFlooder = "ping-flooder"
  /// After the handshake it sends messages with wrong checksums.
  case wrongChecksum = "wrong-checksum"
  /// It sends messages of a few bytes whose counts promise up to 2^64 - 1 items.
  case overcounting
  /// It sends its version again after the handshake.
  case versionTwice = "version-twice"
  /// Its clock is hours off.
  case clockSkewed = "clock-skewed"
  /// It claims a best block that is years old, and never announces a newer one.
  case staleTip = "stale-tip"
  /// It claims services that it does not offer.
  case serviceLiar = "service-liar"

  /// Whether a node of this kind behaves normally apart from false claims in its version.
  var isDisguise: Bool { self == .clockSkewed || self == .staleTip || self == .serviceLiar }

  /// Whether it keeps sending after the handshake.
  var isFlooder: Bool {
    switch self {
    case .neverReading, .addressSpammer, .inventoryFlooder, .pingFlooder, .wrongChecksum, .overcounting: true
    default: false
    }
  }

  /// Whether it answers pings after the handshake. If a header has promised a payload, an answer would be
  /// part of it.
  var answersPings: Bool { self != .silent && self != .promise && self != .overlong }

  /// Whether it completes a handshake.
  var shakesHands: Bool {
    switch self {
    case .overlong, .promise, .silent, .versionTwice: true
    default: isFlooder
    }
  }
}
