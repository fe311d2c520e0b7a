/// A way for a node to be unpleasant to who connects to it.
public enum Neighbour: String, Sendable, CaseIterable {
  /// Nothing listens at its address.
  case refused
  /// Something listens that never answers: connecting takes until one's patience ends.
  case blackHole = "black-hole"
  /// It closes every connection before it says anything, as a node without a free slot does.
  case full
  /// It accepts and says nothing, whatever it is told.
  case mute
  /// It says its version a byte at a time.
  case slowLoris = "slow-loris"
  /// It sends bytes that are no message.
  case garbage
  /// It speaks on another network: Bitcoin's main network.
  case wrongMagic = "wrong-magic"
  /// Its first header promises 4,294,967,295 bytes.
  case hugeLength = "huge-length"
  /// After the handshake a header promises one byte more than is allowed.
  case overlong
  /// After the handshake a header promises the most that is allowed, and nothing follows.
  case promise
  /// It resets the connection in the middle of its version.
  case resetter
  /// After the handshake it says nothing more, and answers no ping.
  case silent
  /// After the handshake it never reads, and asks for ever more.
  case neverReading = "never-reading"
  /// It tells of addresses where nobody is, without end.
  case addressSpammer = "address-spammer"
  /// It announces transactions that do not exist, without end.
  case inventoryFlooder = "inv-flooder"
  /// It pings without end.
  case pingFlooder = "ping-flooder"
  /// Its messages have wrong checksums once the handshake is done.
  case wrongChecksum = "wrong-checksum"
  /// It announces more than it sends: counts of millions in messages of a few bytes.
  case overcounting
  /// It says its version again after the handshake.
  case versionTwice = "version-twice"
  /// Its clock is hours off.
  case clockSkewed = "clock-skewed"
  /// Its best block is years old, and it never has a newer one.
  case staleTip = "stale-tip"
  /// It says that it offers what it does not.
  case serviceLiar = "service-liar"

  /// Whether a node of this kind behaves as all others once it has said its version.
  var isDisguise: Bool { self == .clockSkewed || self == .staleTip || self == .serviceLiar }

  /// Whether it goes on with what it does as long as it is let.
  var isFlooder: Bool {
    switch self {
    case .neverReading, .addressSpammer, .inventoryFlooder, .pingFlooder, .wrongChecksum, .overcounting: true
    default: false
    }
  }

  /// Whether it answers pings after the handshake: not where the answer would be a part of what a header promised.
  var answersPings: Bool { self != .silent && self != .promise && self != .overlong }

  /// Whether it says its version as others do when it is told one.
  var shakesHands: Bool {
    switch self {
    case .overlong, .promise, .silent, .versionTwice: true
    default: isFlooder
    }
  }
}
