import BitcoinWire

/// Candidates by index and by endpoint. They are stored in pieces, so that growing copies none of them.
struct CandidateTable {
  private static let pieceBits = 16

  private let hashing: AddressHashing
  private var pieces: [ContiguousArray<Candidate>] = []
  /// Index + 1, or 0, by open addressing with linear probing. The count is a power of two; at most three
  /// quarters are used.
  private var slots: [UInt32]

  /// The number of candidates.
  private(set) var count = 0

  /// Creates an empty table.
  init(hashing: AddressHashing) {
    self.hashing = hashing
    slots = Array(repeating: 0, count: 1 << 12)
  }

  /// The candidate at an index.
  subscript(index: UInt32) -> Candidate {
    get { pieces[Int(index >> Self.pieceBits)][Int(index) & (1 << Self.pieceBits - 1)] }
    _modify { yield &pieces[Int(index >> Self.pieceBits)][Int(index) & (1 << Self.pieceBits - 1)] }
  }

  /// The index of an endpoint; nil if it is unknown.
  func index(of endpoint: Endpoint) -> UInt32? {
    let slot = slots[place(of: endpoint)]
    return slot == 0 ? nil : slot - 1
  }

  /// The index of an endpoint; nil if it is unknown.
  ///
  /// - Parameter guess: the result of `guesses`, which may be out of date.
  func index(of endpoint: Endpoint, guess: UInt32) -> UInt32? {
    guess > 0 && self[guess - 1].endpoint == endpoint ? guess - 1 : index(of: endpoint)
  }

  /// Looks up many endpoints at once: their indices + 1, or 0 for endpoints that are unknown or not in their
  /// first slot. Addresses come in random order, so one lookup after another would wait for memory each time.
  func guesses(_ nodes: ArraySlice<KnownNode>) -> [UInt32] {
    let mask = slots.count - 1
    var found = [UInt32](unsafeUninitializedCapacity: nodes.count) { found, count in
      slots.withUnsafeBufferPointer { slots in
        for node in nodes {
          found[count] = slots[Int(truncatingIfNeeded: hashing.hash(node.endpoint)) & mask]
          count += 1
        }
      }
    }
    for (place, node) in nodes.enumerated() where found[place] > 0 {
      if self[found[place] - 1].endpoint != node.endpoint { found[place] = 0 }
    }
    return found
  }

  /// Adds a candidate whose endpoint is unknown; returns its index.
  mutating func append(_ candidate: Candidate) -> UInt32 {
    if (count + 1) * 4 > slots.count * 3 { grow() }
    let index = UInt32(count)
    if count & (1 << Self.pieceBits - 1) == 0 {
      var piece = ContiguousArray<Candidate>()
      piece.reserveCapacity(1 << Self.pieceBits)
      pieces.append(piece)
    }
    pieces[pieces.count - 1].append(candidate)
    count += 1
    slots[place(of: candidate.endpoint)] = index + 1
    return index
  }

  /// Replaces a candidate by one whose endpoint is unknown.
  mutating func replace(_ index: UInt32, with candidate: Candidate) {
    remove(self[index].endpoint)
    self[index] = candidate
    slots[place(of: candidate.endpoint)] = index + 1
  }

  /// The slot of an endpoint, or the free slot where it would be.
  private func place(of endpoint: Endpoint) -> Int {
    let mask = slots.count - 1
    var place = Int(truncatingIfNeeded: hashing.hash(endpoint)) & mask
    while slots[place] != 0, self[slots[place] - 1].endpoint != endpoint { place = (place + 1) & mask }
    return place
  }

  /// Frees an endpoint's slot, and moves later entries so that no search ends too early.
  private mutating func remove(_ endpoint: Endpoint) {
    let mask = slots.count - 1
    var free = place(of: endpoint)
    slots[free] = 0
    var next = (free + 1) & mask
    while slots[next] != 0 {
      let home = Int(truncatingIfNeeded: hashing.hash(self[slots[next] - 1].endpoint)) & mask
      if (next - home) & mask >= (next - free) & mask {
        slots[free] = slots[next]
        slots[next] = 0
        free = next
      }
      next = (next + 1) & mask
    }
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 2)
    let mask = slots.count - 1
    for index in 0..<UInt32(count) {
      var place = Int(truncatingIfNeeded: hashing.hash(self[index].endpoint)) & mask
      while slots[place] != 0 { place = (place + 1) & mask }
      slots[place] = index + 1
    }
  }
}
