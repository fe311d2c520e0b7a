import BitcoinWire

/// An address being relayed from node to node.
struct Rumour {
  /// The address, with its services and time.
  let known: KnownNode
  /// Nodes that have heard it.
  var hearers: NodeSet
  /// Number of nodes to which it is on its way.
  var pending = 0
}

extension SimulatedNetwork {
  /// Greatest age in seconds of an address that is relayed (`RelayAddress`'s caller).
  static let freshness: UInt64 = 600

  /// Schedules the first announcement of each node's own address.
  mutating func planSelfAnnouncements(after start: UInt64) {
    guard settings.addressInterval > 0 else { return }
    for node in 0..<settings.nodeCount { planSelfAnnouncement(of: node, after: start) }
  }

  private mutating func planSelfAnnouncement(of node: Int, after time: UInt64) {
    occasions.add(.selfAnnouncement(node), at: links.nextSelfAnnouncement(of: node, after: time))
  }

  /// Announces a node's own address to all its neighbours if it is up, and schedules the next announcement.
  mutating func announceSelf(_ node: Int, at time: UInt64) {
    planSelfAnnouncement(of: node, after: time)
    if isUp[node] { tellOwnAddress(of: node, at: time) }
  }

  /// Announces a node's own address to all its neighbours.
  mutating func tellOwnAddress(of node: Int, at time: UInt64) {
    let known = KnownNode(
      time: UInt32(truncatingIfNeeded: time / 1_000_000_000),
      services: directory.row(of: node).services,
      endpoint: directory.address(of: node)
    )
    events.append(.announcedSelf(node: node, time: time))
    let rumour = begin(known, at: node)
    for neighbour in topology.neighbours[node] { tell(rumour, from: node, to: neighbour, time) }
    end(rumour)
  }

  /// Handles an address that a node hears from an observer: relays it.
  mutating func hear(_ known: KnownNode, at node: Int, time: UInt64) -> [Event] {
    let rumour = begin(known, at: node)
    tellOn(rumour, from: node, time)
    end(rumour)
    return takeEvents()
  }

  /// Handles an address that a node hears from another node: relays it if it is new there.
  mutating func hear(_ rumour: Int, at node: Int, _ time: UInt64) {
    rumours[rumour]?.pending -= 1
    if isUp[node], rumours[rumour]?.hearers.contains(node) == false {
      rumours[rumour]?.hearers.insert(node)
      tellOn(rumour, from: node, time)
    }
    end(rumour)
  }

  private mutating func begin(_ known: KnownNode, at node: Int) -> Int {
    lastRumour += 1
    var hearers = NodeSet(nodeCount: settings.nodeCount)
    hearers.insert(node)
    rumours[lastRumour] = Rumour(known: known, hearers: hearers)
    return lastRumour
  }

  private mutating func end(_ rumour: Int) {
    if rumours[rumour]?.pending == 0 { rumours[rumour] = nil }
  }

  /// Relays an address to the selected neighbours of a node, if it is fresh.
  private mutating func tellOn(_ rumour: Int, from node: Int, _ time: UInt64) {
    guard let known = rumours[rumour]?.known, time / 1_000_000_000 <= UInt64(known.time) + Self.freshness
    else {
      return
    }
    events.append(.heard(known, node: node, time: time))
    let turn = links.turn(of: known.endpoint, at: node, on: directory.network(of: node), time: time)
    for neighbour in turn.first(of: topology.neighbours[node]) {
      tell(rumour, from: node, to: neighbour, time)
    }
  }

  private mutating func tell(_ rumour: Int, from node: Int, to neighbour: Int, _ time: UInt64) {
    guard rumours[rumour]?.hearers.contains(neighbour) == false else { return }
    rumours[rumour]?.pending += 1
    let sent = links.nextAddresses(of: node, to: UInt64(neighbour), after: time)
    occasions.add(.rumour(rumour, at: neighbour), at: sent + links.latency(node, neighbour))
  }
}
