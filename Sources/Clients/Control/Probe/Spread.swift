import BitcoinWire
import Bytes
import LogConsumer
import LogProtocol
import Observations

/// Tells from the records of a stream who asks for, announces or sends certain things after we announced or sent them,
/// and when.
struct Spread {
  /// What a peer did.
  enum Deed: String, Hashable {
    /// It asked for the thing (`getdata`).
    case asked
    /// It announced it (`inv`, `headers`, `cmpctblock`).
    case announced
    /// It sent it (`tx`, `block`).
    case sent
  }

  /// A peer's first deed of its kind about a thing.
  struct Sighting: Hashable {
    /// The peer's connection.
    let connection: UInt32
    /// What it did.
    let deed: Deed
    /// What it was about.
    let hash: Hash256
    /// When it came, in ns since the Unix epoch.
    let time: UInt64
    /// Whether it came then or a little earlier.
    let isUpperBound: Bool
    /// How long after ours to that peer, in ns; where there was none, after our first to anybody.
    let delay: UInt64
    /// Whether we had told that peer.
    let wasTold: Bool
  }

  private struct Key: Hashable {
    let connection: UInt32
    let deed: Deed
    let hash: Hash256
  }

  /// Every sighting, in the order in which they came.
  private(set) var sightings: [Sighting] = []

  /// Connections that were lost.
  private(set) var closed: Set<UInt32> = []

  private let hashes: Set<Hash256>
  private let messages: Set<[UInt8]>
  private var told: [UInt32: UInt64] = [:]
  private var firstTold: UInt64?
  private var seen: Set<Key> = []

  /// Watches for things.
  ///
  /// - Parameters:
  ///   - hashes: their names.
  ///   - messages: the whole messages that tell peers of them.
  init(of hashes: Set<Hash256>, told messages: [[UInt8]]) {
    self.hashes = hashes
    self.messages = Set(messages)
  }

  /// How many were told.
  var toldCount: Int { told.count }

  /// The connections that have done something.
  func connections(_ deed: Deed) -> Set<UInt32> {
    Set(sightings.lazy.filter { $0.deed == deed }.map(\.connection))
  }

  /// The messages that it has to see.
  static let commands: [Command] = [.inv, .getdata, .tx, .block, .headers, .cmpctblock]

  /// Takes a record in; returns what is seen for the first time.
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

  /// What a message does, and with which of the things.
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
