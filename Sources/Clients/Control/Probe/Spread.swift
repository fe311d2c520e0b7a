import BitcoinWire
import Bytes
import LogConsumer
import LogProtocol
import Observations

/// Finds the peers that ask for, announce or send certain items after we announced or sent them, in a
/// stream's records, and measures the delays.
struct Spread {
  /// A peer's action.
  enum Deed: String, Hashable {
    /// It asked for the item (`getdata`).
    case asked
    /// It announced the item (`inv`, `headers`, `cmpctblock`).
    case announced
    /// It sent the item (`tx`, `block`).
    case sent
  }

  /// A peer's first action of a kind on an item.
  struct Sighting: Hashable {
    /// The peer's connection.
    let connection: UInt32
    /// The action.
    let deed: Deed
    /// The item's hash.
    let hash: Hash256
    /// Time of receipt, in ns since the Unix epoch.
    let time: UInt64
    /// Whether `time` and `delay` are upper bounds, because more bytes arrived together with the message.
    let isUpperBound: Bool
    /// Delay after our message to that peer, in ns. If it got none: after our first message to any peer.
    let delay: UInt64
    /// Whether we had sent that peer a message about the items.
    let wasTold: Bool
  }

  private struct Key: Hashable {
    let connection: UInt32
    let deed: Deed
    let hash: Hash256
  }

  /// All sightings, in the order in which they came.
  private(set) var sightings: [Sighting] = []

  /// Connections that closed.
  private(set) var closed: Set<UInt32> = []

  private let hashes: Set<Hash256>
  private let messages: Set<[UInt8]>
  private var told: [UInt32: UInt64] = [:]
  private var firstTold: UInt64?
  private var seen: Set<Key> = []

  /// Starts watching for items.
  ///
  /// - Parameters:
  ///   - hashes: the items' hashes.
  ///   - messages: the whole messages that announce or carry the items.
  init(of hashes: Set<Hash256>, told messages: [[UInt8]]) {
    self.hashes = hashes
    self.messages = Set(messages)
  }

  /// The number of peers to which one of the messages was sent.
  var toldCount: Int { told.count }

  /// The connections with at least one such action.
  func connections(_ deed: Deed) -> Set<UInt32> {
    Set(sightings.lazy.filter { $0.deed == deed }.map(\.connection))
  }

  /// The commands to subscribe to.
  static let commands: [Command] = [.inv, .getdata, .tx, .block, .headers, .cmpctblock]

  /// Handles a record; returns the sightings that are new.
  mutating func note(_ record: StreamRecord) -> [Sighting] {
    let header = record.header
    if case .event(let event) = record.content {
      if event.code.endsConnection { closed.insert(header.connection) }
      return []
    }
    guard case .message = record.content else { return [] }
    if header.flags.contains(.sent) {
      guard messages.contains(Array(record.body)) else { return [] }
      if told[header.connection] == nil { told[header.connection] = header.time }
      if firstTold == nil { firstTold = header.time }
      return []
    }
    guard let firstTold, let message = record.message, let (deed, found) = deed(message) else { return [] }
    var new: [Sighting] = []
    for hash in found {
      let key = Key(connection: header.connection, deed: deed, hash: hash)
      guard seen.insert(key).inserted else { continue }
      let start = told[header.connection] ?? firstTold
      new.append(
        Sighting(
          connection: header.connection,
          deed: deed,
          hash: hash,
          time: header.time,
          isUpperBound: header.flags.contains(.upperBound),
          delay: header.time > start ? header.time - start : 0,
          wasTold: told[header.connection] != nil
        )
      )
    }
    sightings += new
    return new
  }

  /// The action that a message is, and the items that it concerns; nil if it is none.
  private func deed(_ message: Message) -> (Deed, [Hash256])? {
    switch message {
    case .getdata(let request): return (.asked, named(request.items.map(\.hash)))
    case .inv(let announcement): return (.announced, named(announcement.items.map(\.hash)))
    case .headers(let announcement): return (.announced, named(announcement.headers.map(\.hash)))
    case .cmpctblock(let announcement): return (.announced, named([announcement.header.hash]))
    case .tx(let transaction): return (.sent, Array(named([transaction.txid, transaction.wtxid]).prefix(1)))
    case .block(let block): return (.sent, named([block.header.hash]))
    default: return nil
    }
  }

  private func named(_ found: [Hash256]) -> [Hash256] { found.filter(hashes.contains) }
}
