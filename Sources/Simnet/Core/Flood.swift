/// How something new spreads: when each node first hears of it from a neighbour.
///
/// All of it is known when it starts: a delay is drawn for each link and direction, and the news takes the
/// quickest way to each node. So what happens does not depend on when it is looked at.
public struct Flood: Sendable, Equatable {
  /// A node hears of it.
  public struct Arrival: Sendable, Equatable {
    /// When, in ns.
    public let time: UInt64
    /// Which node.
    public let node: Int
  }

  /// Every node's, the earliest first: that of the origin.
  public let arrivals: [Arrival]

  /// How many of the arrivals have happened.
  var happened = 0

  /// Spreads news from a node.
  ///
  /// - Parameters:
  ///   - origin: the node that invents it.
  ///   - time: when, in ns.
  ///   - hopDelay: seconds from a node to its neighbour, on average.
  ///   - notBefore: when each node can understand it: a block means nothing without the one before it.
  init(
    from origin: Int,
    at time: UInt64,
    over topology: Topology,
    hopDelay: Double,
    notBefore: [UInt64]? = nil,
    using random: inout RandomSource
  ) {
    var arrivals: [Arrival] = []
    arrivals.reserveCapacity(topology.neighbours.count)
    var best = [UInt64](repeating: .max, count: topology.neighbours.count)
    var ways = Schedule<Int>()
    func hear(at time: UInt64, _ node: Int) {
      let time = max(time, notBefore?[node] ?? 0)
      guard time < best[node] else { return }
      best[node] = time
      ways.add(node, at: time)
    }
    hear(at: time, origin)
    while let (time, node) = ways.removeFirst() {
      guard time == best[node] else { continue }
      arrivals.append(Arrival(time: time, node: node))
      for neighbour in topology.neighbours[node] where best[neighbour] > time {
        hear(at: time + random.wait(mean: hopDelay), neighbour)
      }
    }
    self.arrivals = arrivals
  }

  /// The next arrival that has not happened; nil where it has reached everybody.
  var next: Arrival? { happened < arrivals.count ? arrivals[happened] : nil }
}
