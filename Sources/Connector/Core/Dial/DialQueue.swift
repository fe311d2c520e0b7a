/// Connects that wait, each client's in the order in which it asked for them; clients take turns, so that one that
/// asks for ten thousand delays nobody else's.
struct DialQueue {
  /// What one client waits for: ids, those before `next` being over. An id that is not waiting was cancelled.
  private struct Lane {
    var ids: [UInt32] = []
    var next = 0
  }

  private var lanes: [ObjectIdentifier?: Lane] = [:]
  /// Whose turn is when; those before `turn` are over.
  private var turns: [ObjectIdentifier?] = []
  private var turn = 0
  private var waiting: [UInt32: Dial] = [:]
  /// Ids in lanes that do not wait any more.
  private var cancelledCount = 0

  /// How many wait.
  var count: Int { waiting.count }

  /// All that wait, ascending by id.
  var all: [Dial] { waiting.values.sorted { $0.id < $1.id } }

  /// The one with an id.
  subscript(id: UInt32) -> Dial? { waiting[id] }

  /// Adds one, behind what its client waits for.
  mutating func add(_ dial: Dial) {
    waiting[dial.id] = dial
    if lanes[dial.lane] == nil { turns.append(dial.lane) }
    lanes[dial.lane, default: Lane()].ids.append(dial.id)
  }

  /// Takes the next one out.
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

  /// Takes one out that is not to be begun; nil where it does not wait.
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

  /// Forgets the ids of those that were cancelled.
  private mutating func sweep() {
    cancelledCount = 0
    for key in Array(lanes.keys) {
      let ids = lanes[key]!.ids.dropFirst(lanes[key]!.next).filter { waiting[$0] != nil }
      lanes[key] = ids.isEmpty ? nil : Lane(ids: ids)
    }
    // One without a lane has had its turn; it gets another one when it comes again.
    turns = turns[turn...].filter { lanes[$0] != nil }
    turn = 0
  }
}
