import BitcoinWire
import Glibc

/// The addresses a node knows, as a rule rather than a list, so that thousands of nodes cost nothing.
///
/// As Bitcoin Core does (`CConnman::GetAddresses`), a node tells everybody of one network the same sample for about a
/// day, so that nobody learns all by asking often; who is on another network gets another one.
public struct AddressBook: Sendable, Equatable {
  /// The most addresses a node tells (`MAX_ADDR_TO_SEND`).
  static let maximumSample = 1000

  /// How many of 100 known addresses a node tells (`MAX_PCT_ADDR_TO_SEND`).
  static let samplePercent = 23

  private static let hour: UInt64 = 3_600_000_000_000
  private static let day = 24 * hour

  /// How much later than a day after the one before a sample may be drawn anew, or how much earlier.
  private static let leeway = 3 * hour

  /// How long ago addresses were last seen at most (`ADDRMAN_HORIZON`), in seconds.
  private static let horizon: UInt32 = 30 * 86_400

  /// How long ago they were last seen, in seconds, to draw one of: exponentially distributed, half of them within the
  /// last eight hours.
  private static let ages = (0..<4096).map {
    UInt32(min(Double(horizon), -log(1 - (Double($0) + 0.5) / 4096) * 41_500))
  }

  private let owner: Int
  private let directory: NodeDirectory

  /// The book of node `owner`.
  init(owner: Int, directory: NodeDirectory) {
    self.owner = owner
    self.directory = directory
  }

  /// Whether they are of one node of one network.
  public static func == (left: AddressBook, right: AddressBook) -> Bool {
    left.owner == right.owner && left.directory === right.directory
  }

  /// How many addresses are in the book: those of all other nodes, and dead ones.
  public var count: Int { directory.addressCount - 1 }

  /// Seconds from one time that the node tells its own address to the next, on average; nil for never.
  var interval: Double? {
    directory.settings.addressInterval > 0 ? directory.settings.addressInterval : nil
  }

  /// Whether the node takes an address for one that somebody could connect to: routable, or one of the network's.
  func accepts(_ endpoint: Endpoint) -> Bool {
    endpoint.address.isRoutable || directory.node(for: endpoint) != nil
  }

  /// What the node answers to `getaddr`: 23 % of the book, rounded down, at most 1000.
  ///
  /// It is drawn anew every 21 to 27 hours, at times of the node's own.
  ///
  /// - Parameters:
  ///   - now: ns since the Unix epoch.
  ///   - network: the one that whoever asks is on.
  public func sample(at now: UInt64, to network: NetworkID = .ipv4) -> [KnownNode] {
    let wanted = min(Self.maximumSample, count * Self.samplePercent / 100)
    let drawn = lastDraw(at: now, network)
    var random = source("addresses", network, drawn)
    let time = UInt32(truncatingIfNeeded: drawn / 1_000_000_000)
    let ages = Self.ages
    // A bit for each address, as a set would take longer than all else.
    var chosen = [UInt64](repeating: 0, count: directory.addressCount >> 6 + 1)
    chosen[owner >> 6] = 1 << UInt64(owner & 63)
    var nodes: [KnownNode] = []
    nodes.reserveCapacity(wanted)
    while nodes.count < wanted {
      let index = Int.random(in: 0..<directory.addressCount, using: &random)
      let bit: UInt64 = 1 << UInt64(index & 63)
      guard chosen[index >> 6] & bit == 0 else { continue }
      chosen[index >> 6] |= bit
      nodes.append(
        KnownNode(
          time: time &- ages[Int(random.next() >> 52)],
          services: directory.services(of: index),
          endpoint: directory.address(of: index)
        )
      )
    }
    return nodes
  }

  /// When the sample of a time was drawn, in ns: once in each day of the node's own, give or take 90 minutes.
  private func lastDraw(at now: UInt64, _ network: NetworkID) -> UInt64 {
    var random = source("address book", network, 0)
    let offset = UInt64.random(in: 0..<Self.day, using: &random)
    var number = (now + Self.day - offset) / Self.day
    while true {
      var random = source("address draw", network, number)
      let time = number * Self.day + offset - Self.day + UInt64.random(in: 0..<Self.leeway, using: &random)
      if time <= now { return time }
      number -= 1
    }
  }

  private func source(_ purpose: StaticString, _ network: NetworkID, _ number: UInt64) -> RandomSource {
    let index = UInt64(owner) << 8 | UInt64(network.rawValue)
    return RandomSource(
      seed: directory.settings.seed ^ RandomSource.mixed(number),
      purpose: purpose,
      index: index
    )
  }
}
