import JSON

/// Statistics of durations, in ns.
public struct Distribution {
  /// The durations, ascending.
  public let sorted: [UInt64]

  /// Creates statistics of these durations.
  public init(_ durations: [UInt64]) { sorted = durations.sorted() }

  /// The smallest duration that at least a share, 0 … 1, of all durations does not exceed (nearest rank); 0
  /// if there are none.
  public func quantile(_ share: Double) -> UInt64 {
    guard !sorted.isEmpty else { return 0 }
    let rank = Int((share * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }

  /// The mean, in ns; 0 if there are no durations.
  public var mean: Double { sorted.isEmpty ? 0 : sorted.reduce(0) { $0 + Double($1) } / Double(sorted.count) }

  /// The standard deviation of the population, in ns; 0 if there are no durations.
  public var deviation: Double {
    guard !sorted.isEmpty else { return 0 }
    let mean = mean
    return (sorted.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(sorted.count))
      .squareRoot()
  }

  /// The printed statistics: name and value in ns, in order.
  private var figures: [(name: StaticString, value: UInt64)] {
    [
      ("min", quantile(0)), ("median", quantile(0.5)), ("mean", UInt64(mean)), ("p90", quantile(0.9)),
      ("p99", quantile(0.99)), ("max", quantile(1)), ("deviation", UInt64(deviation)),
    ]
  }

  /// A line for people: `min 0.20, median 0.31, …, ms`.
  public var text: String {
    guard !sorted.isEmpty else { return "no times" }
    return figures.map { "\($0.name) \(Quantity.milliseconds($0.value))" }.joined(separator: ", ") + " ms"
  }

  /// The same for programs, in ms; null if there are no durations.
  public func write(to json: inout JSONWriter) {
    for (name, value) in figures { json.member(name, sorted.isEmpty ? nil : Double(value) / 1e6) }
  }

  /// A bin of the histogram.
  public struct Bin: Hashable {
    /// Lower bound, in ns; inclusive.
    public let start: UInt64
    /// Upper bound, in ns; exclusive.
    public let end: UInt64
    /// The number of durations in the bin.
    public let count: Int
  }

  /// The histogram. The bounds are 1, 2, 5, 10 … µs; empty bins before the first duration and after the last
  /// are left out.
  public var histogram: [Bin] {
    guard let first = sorted.first, let last = sorted.last else { return [] }
    var bins: [Bin] = []
    var start: UInt64 = 0
    var rest = sorted[...]
    var scale: UInt64 = 1000
    var step = 0
    while start <= last {
      let end = scale * [1, 2, 5][step]
      let count = rest.prefix { $0 < end }.count
      rest = rest.dropFirst(count)
      if end > first { bins.append(Bin(start: start, end: end, count: count)) }
      start = end
      step += 1
      if step == 3 {
        step = 0
        scale *= 10
      }
    }
    return bins
  }

  /// The histogram for people: a line for each bin, with a bar.
  public var histogramLines: [String] {
    let bins = histogram
    let most = bins.map(\.count).max() ?? 0
    var table = Table([
      .init("FROM ms", .trailing), .init("TO ms", .trailing), .init("COUNT", .trailing), .init(""),
    ])
    for bin in bins {
      let bar = most == 0 ? 0 : (bin.count * 50 + most - 1) / most
      table.add([
        Quantity.milliseconds(bin.start), Quantity.milliseconds(bin.end), "\(bin.count)",
        String(repeating: "#", count: bar),
      ])
    }
    return table.lines
  }
}
