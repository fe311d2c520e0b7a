import BitcoinWire

/// What addresses are called, as far as it is remembered: so many of them, each for a time. Beyond, any gives way.
struct NameCache {
  /// What was found out.
  enum Answer: Equatable {
    /// It is called so.
    case name(String)
    /// It has no name, or nobody said so.
    case nameless
  }

  private struct Entry {
    var answer: Answer
    var end: UInt64
  }

  private let capacity: Int
  private var entries: [NetworkAddress: Entry] = [:]
  private var addresses: [NetworkAddress] = []

  /// Creates one that remembers at most `capacity` addresses.
  init(capacity: Int) { self.capacity = max(1, capacity) }

  /// How many are remembered.
  var count: Int { entries.count }

  /// What is remembered of an address; nil for nothing.
  ///
  /// - Parameter now: ns on a clock that never steps.
  func answer(_ address: NetworkAddress, at now: UInt64) -> Answer? {
    guard let entry = entries[address], now < entry.end else { return nil }
    return entry.answer
  }

  /// Remembers an answer until then, on the same clock.
  mutating func remember(_ answer: Answer, of address: NetworkAddress, until end: UInt64) {
    guard entries.updateValue(Entry(answer: answer, end: end), forKey: address) == nil else { return }
    guard addresses.count >= capacity else { return addresses.append(address) }
    let place = Int.random(in: addresses.indices)
    entries[addresses[place]] = nil
    addresses[place] = address
  }
}
