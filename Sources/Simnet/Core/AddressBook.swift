import BitcoinWire
import Glibc

/// The addresses that a node knows, computed by a rule instead of stored, so that thousands of nodes cost
/// nothing.
///
/// As in Bitcoin Core (`CConnman::GetAddresses`), a node gives all peers of one network the same sample for
/// about a day. A peer cannot learn all addresses by asking often. Peers on another network get another
/// sample.
public struct AddressBook: Sendable, Equatable {
  /// Most addresses in one answer (`MAX_ADDR_TO_SEND`).
  static let maximumSample = 1000

  /// Percentage of the known addresses in one answer (`MAX_PCT_ADDR_TO_SEND`).
  static let samplePercent = 23

  private static let hour: UInt64 = 3_600_000_000_000
  private static let day = 24 * hour

  /// Most ns by which the time between two samples differs from a day.
  private static let leeway = 3 * hour

  /// Greatest age of an address, in seconds since it was last seen (`ADDRMAN_HORIZON`).
  private static let horizon: UInt32 = 30 * 86_400

  /// Ages in seconds to draw from: exponentially distributed, half of them below eight hours.
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

  /// Whether both books belong to the same node of the same network.
  public static func == (left: AddressBook, right: AddressBook) -> Bool {
    left.owner == right.owner && left.directory === right.directory
  }

  /// Number of addresses in the book: those of all other nodes, and dead ones.
  public var count: Int { directory.addressCount - 1 }

  /// Average seconds between announcements of the node's own address; nil for never.
  var interval: Double? {
    directory.settings.addressInterval > 0 ? directory.settings.addressInterval : nil
  }

  /// Whether the node accepts an address as one that peers could connect to: routable, or one of the
  /// network's.
  func accepts(_ endpoint: Endpoint) -> Bool {
    endpoint.address.isRoutable || directory.node(for: endpoint) != nil
  }

  /// The answer to `getaddr`: 23 % of the book, rounded down, at most 1000 addresses.
  ///
  /// The sample changes every 21 to 27 hours, at times of the node's own.
  ///
  /// - Parameters:
  ///   - now: ns since the Unix epoch.
  ///   - network: network of the peer that asks.
  public func sample(at now: UInt64, to network: NetworkID = .ipv4) -> [KnownNode] {
    let wanted = min(Self.maximumSample, count * Self.samplePercent / 100)
    let drawn = lastDraw(at: now, network)
    var random = source("addresses", network, drawn)
    let time = UInt32(truncatingIfNeeded: drawn / 1_000_000_000)
    let ages = Self.ages
    // One bit for each address: a set would take longer than all the rest.
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

  /// Time in ns at which the current sample was drawn: daily, at a time of the node's own plus or minus 90
  /// minutes.
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
