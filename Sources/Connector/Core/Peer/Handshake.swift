import BitcoinWire
import Observations

/// The exchange of `version` and `verack` with one peer, as a state machine: each event returns the actions
/// to take.
///
/// As Bitcoin Core, it sends `wtxidrelay` (BIP339) and `sendaddrv2` (BIP155) between `version` and `verack`,
/// to peers of version 70016 and up.
struct Handshake {
  /// An action that the caller takes.
  enum Action: Equatable {
    /// Send our `version`.
    case sendVersion
    /// Send a message without a payload.
    case send(Command)
    /// The handshake is done.
    case complete
    /// Close the connection with that outcome.
    case reject(Outcome)
  }

  /// The progress of the handshake.
  enum Phase {
    /// The peer's `version` has not been received.
    case awaitingVersion
    /// The peer's `version` has been received, its `verack` has not.
    case awaitingVerack
    /// Both have been received.
    case complete
  }

  /// The lowest protocol version of peers that negotiate with `wtxidrelay` and `sendaddrv2`.
  static let negotiatingVersion: Int32 = 70016

  private(set) var phase = Phase.awaitingVersion

  /// The contents of the peer's `version`; nil until it is received.
  private(set) var peer: PeerIntroduction?

  private let isOutbound: Bool
  private let versions: ClosedRange<Int32>

  /// - Parameter versions: from the lowest protocol version that we accept of a peer up to our own.
  init(outbound isOutbound: Bool, versions: ClosedRange<Int32>) {
    self.isOutbound = isOutbound
    self.versions = versions
  }

  /// Handles the established connection.
  func connected() -> [Action] { isOutbound ? [.sendVersion] : [] }

  /// Handles the peer's `version`.
  ///
  /// - Parameter isOurs: whether we sent its nonce ourselves, so that we have dialled ourselves.
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

  /// Handles the peer's `verack`.
  mutating func receivedVerack() -> [Action] {
    guard case .awaitingVerack = phase else { return [] }
    phase = .complete
    return [.complete]
  }
}
