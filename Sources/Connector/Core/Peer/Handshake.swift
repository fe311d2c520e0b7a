import BitcoinWire
import Observations

/// The exchange of `version` and `verack` with one peer, as a state machine: each event returns what to do.
///
/// It sends what Bitcoin Core does: `wtxidrelay` (BIP339) and `sendaddrv2` (BIP155) between the two, to peers
/// of version 70016 and up.
struct Handshake {
  /// What to do.
  enum Action: Equatable {
    /// Send our `version`.
    case sendVersion
    /// Send a message without payload.
    case send(Command)
    /// The handshake is done.
    case complete
    /// Close the connection, with that outcome.
    case reject(Outcome)
  }

  /// How far it has come.
  enum Phase {
    /// The peer's `version` has not come.
    case awaitingVersion
    /// It has; its `verack` has not.
    case awaitingVerack
    /// Both have.
    case complete
  }

  /// The protocol version from which peers negotiate by `wtxidrelay` and `sendaddrv2`.
  static let negotiatingVersion: Int32 = 70016

  private(set) var phase = Phase.awaitingVersion

  /// What the peer's `version` says, once it has come.
  private(set) var peer: PeerIntroduction?

  private let isOutbound: Bool
  private let versions: ClosedRange<Int32>

  /// - Parameter versions: the lowest protocol version accepted of a peer, and our own.
  init(outbound isOutbound: Bool, versions: ClosedRange<Int32>) {
    self.isOutbound = isOutbound
    self.versions = versions
  }

  /// The connection is established.
  func connected() -> [Action] { isOutbound ? [.sendVersion] : [] }

  /// The peer's `version` has come.
  ///
  /// - Parameter isOurs: whether its nonce is one of ours, so that we have dialled ourselves.
  mutating func receivedVersion(_ message: VersionMessage, isOurs: Bool) -> [Action] {
    guard case .awaitingVersion = phase else { return [] }
    peer = PeerIntroduction(message)
    if isOurs { return [.reject(Outcome(.ourselves))] }
    guard message.version >= versions.lowerBound else {
      let lowest = Int64(versions.lowerBound)
      return [
        .reject(Outcome(.tooOld, .limit(.protocolVersion, value: Int64(message.version), bound: lowest)))
      ]
    }
    phase = .awaitingVerack
    var actions: [Action] = isOutbound ? [] : [.sendVersion]
    if min(message.version, versions.upperBound) >= Self.negotiatingVersion {
      actions += [.send(.wtxidrelay), .send(.sendaddrv2)]
    }
    return actions + [.send(.verack)]
  }

  /// The peer's `verack` has come.
  mutating func receivedVerack() -> [Action] {
    guard case .awaitingVerack = phase else { return [] }
    phase = .complete
    return [.complete]
  }
}
