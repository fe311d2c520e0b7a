/// The connections that are not gone, found by id and kept in the order of their ids, which rise until there are no more.
struct PeerTable {
  private var byID: [UInt32: PeerConnection] = [:]
  private var openOnes: [PeerConnection]?

  /// All, ascending by id.
  private(set) var all: [PeerConnection] = []

  /// How many there are.
  var count: Int { all.count }

  /// Whether there is none.
  var isEmpty: Bool { all.isEmpty }

  /// The connection with an id.
  subscript(id: UInt32) -> PeerConnection? { byID[id] }

  /// Those whose handshake is done, ascending by id.
  var open: [PeerConnection] {
    mutating get {
      if let openOnes { return openOnes }
      let open = all.filter { $0.state == .open }
      openOnes = open
      return open
    }
  }

  /// Those with ids above `id`, ascending.
  func after(_ id: UInt32) -> ArraySlice<PeerConnection> { all[place(of: id.addingReportingOverflow(1))...] }

  /// Adds a connection; connects that had to wait may have ids below those of others.
  mutating func add(_ connection: PeerConnection) {
    byID[connection.id] = connection
    let isLast = all.last.map { $0.id < connection.id } ?? true
    all.insert(connection, at: isLast ? all.count : place(of: (connection.id, false)))
  }

  /// Forgets a connection.
  mutating func remove(_ connection: PeerConnection) {
    guard byID.removeValue(forKey: connection.id) != nil else { return }
    openOnes = nil
    all.remove(at: place(of: (connection.id, false)))
  }

  /// A connection's handshake is done.
  mutating func noteOpened() { openOnes = nil }

  /// Where the first connection is whose id is not below `id`.
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
