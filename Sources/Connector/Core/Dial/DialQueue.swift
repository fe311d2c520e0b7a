/// Waiting connects. Each client's connects keep their order, and clients take turns, so that a client that
/// asks for ten thousand connects does not delay the others.
struct DialQueue {
  /// One client's connects, by id. Those before `next` are done. An id that is not in `waiting` was
  /// cancelled.
  private struct Lane {
    var ids: [UInt32] = []
    var next = 0
  }

  private var lanes: [ObjectIdentifier?: Lane] = [:]
  /// The order in which lanes take turns. Those before `turn` are done.
  private var turns: [ObjectIdentifier?] = []
  private var turn = 0
  private var waiting: [UInt32: Dial] = [:]
  /// Cancelled ids that are still in lanes.
  private var cancelledCount = 0

  /// The number of waiting connects.
  var count: Int { waiting.count }

  /// All waiting connects, ascending by id.
  var all: [Dial] { waiting.values.sorted { $0.id < $1.id } }

  /// The waiting connect with an id; nil if there is none.
  subscript(id: UInt32) -> Dial? { waiting[id] }

  /// Appends a connect to its client's lane.
  mutating func add(_ dial: Dial) {
    waiting[dial.id] = dial
    if lanes[dial.lane] == nil { turns.append(dial.lane) }
    lanes[dial.lane, default: Lane()].ids.append(dial.id)
  }

  /// Removes and returns the next connect to begin.
  mutating func removeFirst() -> Dial? {
    while turn < turns.count {
      let lane = turns[turn]
      turn += 1
      let dial = takeFirst(of: lane)
      if lanes[lane] != nil { turns.append(lane) }
      if turn > 64, turn > turns.count / 2 {
        turns.removeFirst(turn)
        turn = 0
      }
      if let dial { return dial }
    }
    return nil
  }

  /// Removes a connect that was cancelled; nil if it does not wait.
  mutating func remove(_ id: UInt32) -> Dial? {
    guard let dial = waiting.removeValue(forKey: id) else { return nil }
    cancelledCount += 1
    if cancelledCount > 1024, cancelledCount > waiting.count { sweep() }
    return dial
  }

  private mutating func takeFirst(of key: ObjectIdentifier?) -> Dial? {
    guard var lane = lanes.removeValue(forKey: key) else { return nil }
    var found: Dial?
    while found == nil, lane.next < lane.ids.count {
      found = waiting.removeValue(forKey: lane.ids[lane.next])
      if found == nil { cancelledCount -= 1 }
      lane.next += 1
    }
    guard lane.next < lane.ids.count else { return found }
    if lane.next > 1024, lane.next > lane.ids.count / 2 {
      lane.ids.removeFirst(lane.next)
      lane.next = 0
    }
    lanes[key] = lane
    return found
  }

  /// Removes the ids of cancelled connects from the lanes.
  private mutating func sweep() {
    cancelledCount = 0
    for key in Array(lanes.keys) {
      let ids = lanes[key]!.ids.dropFirst(lanes[key]!.next).filter { waiting[$0] != nil }
      lanes[key] = ids.isEmpty ? nil : Lane(ids: ids)
    }
    // A lane that is empty has no turn. It gets one when a connect is added.
    turns = turns[turn...].filter { lanes[$0] != nil }
    turn = 0
  }
}
