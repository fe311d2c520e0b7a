import BitcoinWire

/// The remembered host names of addresses: a bounded number, each until it expires. When full, a random entry
/// is replaced.
struct NameCache {
  /// The result of a reverse lookup.
  enum Answer: Equatable {
    /// The address has this name.
    case name(String)
    /// The address has no name, or no name server answered.
    case nameless
  }

  private struct Entry {
    var answer: Answer
    var end: UInt64
  }

  private let capacity: Int
  private var entries: [NetworkAddress: Entry] = [:]
  private var addresses: [NetworkAddress] = []

  /// Creates a cache of at most `capacity` addresses.
  init(capacity: Int) { self.capacity = max(1, capacity) }

  /// The number of remembered addresses, expired ones included.
  var count: Int { entries.count }

  /// The remembered result for an address; nil if there is none.
  ///
  /// - Parameter now: ns on the monotonic clock.
  func answer(_ address: NetworkAddress, at now: UInt64) -> Answer? {
    guard let entry = entries[address], now < entry.end else { return nil }
    return entry.answer
  }

  /// Remembers a result until a time on the same clock.
  mutating func remember(_ answer: Answer, of address: NetworkAddress, until end: UInt64) {
    guard entries.updateValue(Entry(answer: answer, end: end), forKey: address) == nil else { return }
    guard addresses.count >= capacity else { return addresses.append(address) }
    let place = Int.random(in: addresses.indices)
    entries[addresses[place]] = nil
    addresses[place] = address
  }
}
