/// The live connections, found by id and ordered by id.
struct PeerTable {
  private var byID: [UInt32: PeerConnection] = [:]
  private var openOnes: [PeerConnection]?

  /// All connections, ascending by id.
  private(set) var all: [PeerConnection] = []

  /// The number of connections.
  var count: Int { all.count }

  /// Whether there are no connections.
  var isEmpty: Bool { all.isEmpty }

  /// The connection with an id; nil if there is none.
  subscript(id: UInt32) -> PeerConnection? { byID[id] }

  /// The connections whose handshake is done, ascending by id. Cached until one opens or is removed.
  var open: [PeerConnection] {
    mutating get {
      if let openOnes { return openOnes }
      let open = all.filter { $0.state == .open }
      openOnes = open
      return open
    }
  }

  /// The connections with ids above `id`, ascending.
  func after(_ id: UInt32) -> ArraySlice<PeerConnection> { all[place(of: id.addingReportingOverflow(1))...] }

  /// Adds a connection. Its id may be below others': a connect that waited begins late.
  mutating func add(_ connection: PeerConnection) {
    byID[connection.id] = connection
    let isLast = all.last.map { $0.id < connection.id } ?? true
    all.insert(connection, at: isLast ? all.count : place(of: (connection.id, false)))
  }

  /// Removes a connection.
  mutating func remove(_ connection: PeerConnection) {
    guard byID.removeValue(forKey: connection.id) != nil else { return }
    openOnes = nil
    all.remove(at: place(of: (connection.id, false)))
  }

  /// Handles a completed handshake: `open` is computed again.
  mutating func noteOpened() { openOnes = nil }

  /// The index of the first connection whose id is not below `id`.
  private func place(of id: (partialValue: UInt32, overflow: Bool)) -> Int {
    guard !id.overflow else { return all.count }
    var low = 0
    var high = all.count
    while low < high {
      let middle = (low + high) / 2
      if all[middle].id < id.partialValue { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
