import BitcoinWire
import Bytes
import ControlProtocol

/// The features that a peer has announced, and its fee filter.
struct PeerWishes {
  private(set) var features: ConnectionInfo.Features = []
  /// The lowest fee rate of transactions that it wants, in satoshi for 1000 virtual bytes (BIP133); 0 for
  /// any.
  private(set) var feeFilter: UInt64 = 0

  /// Records the feature or the fee filter that a message announces.
  mutating func heard(_ command: Command, _ payload: RawSpan) {
    switch command {
    case .wtxidrelay: features.insert(.wtxidRelay)
    case .sendaddrv2: features.insert(.addrV2)
    case .sendheaders: features.insert(.headers)
    case .sendtxrcncl: features.insert(.reconciliation)
    case .sendcmpct:
      guard let wish = try? SendCompactMessage(payload) else { return }
      features.insert(.compactBlocks)
      if wish.announce { features.insert(.highBandwidth) } else { features.remove(.highBandwidth) }
    case .feefilter:
      if let wish = try? FeeFilterMessage(payload) { feeFilter = UInt64(clamping: wish.feeRate) }
    default: break
    }
  }
}
