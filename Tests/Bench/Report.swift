import JSON

/// The cost of a work, with the costs that it is compared with.
struct Report {
  /// The work.
  let work: Work

  /// Its cost.
  let ours: Measurement

  /// The cost in another implementation's program; nil if there is none, or it does not know the work.
  let rival: Measurement?

  /// The cost of an unavoidable part of the work, such as hashing, with its name.
  let floor: (name: String, measurement: Measurement)?

  /// The heading for `line`.
  static let heading =
    row(["work", "ns", "MB/s", "allocations", "from", "to", "wall ns", "rival ns", "ours/rival", "against"])

  /// The figures in columns. A ratio above 1 means that we are slower.
  var line: String {
    Self.row([
      work.name, Self.number(ours.processorTime), Self.number(throughput),
      ours.allocations.map { Self.number($0, digits: 1) } ?? "",
      Self.number(ours.range.lowerBound), Self.number(ours.range.upperBound), Self.number(ours.wallTime),
      rival.map { Self.number($0.processorTime) } ?? "",
      rival.map { Self.number(ours.processorTime / $0.processorTime, digits: 2) } ?? "",
      floor.map {
        "\(Self.number(ours.processorTime / $0.measurement.processorTime, digits: 2)) × \($0.name)"
      }
        ?? "",
    ])
  }

  /// The figures as a JSON object on one line.
  var json: String {
    var json = JSONWriter()
    json.member("work", work.name)
    json.member("messages", work.messages)
    json.member("bytes", work.bytes)
    json.member("cpu_ns", ours.processorTime)
    json.member("cpu_ns_least", ours.range.lowerBound)
    json.member("cpu_ns_most", ours.range.upperBound)
    json.member("wall_ns", ours.wallTime)
    json.member("allocations", ours.allocations)
    json.member("rival_cpu_ns", rival?.processorTime)
    json.member("rival_wall_ns", rival?.wallTime)
    json.member("ratio", rival.map { ours.processorTime / $0.processorTime })
    json.member("floor", floor?.name)
    json.member("floor_ratio", floor.map { ours.processorTime / $0.measurement.processorTime })
    return String(decoding: json.finish(), as: UTF8.self)
  }

  /// Millions of bytes per second of processor time.
  private var throughput: Double { Double(work.bytes) / Double(work.messages) / ours.processorTime * 1000 }

  private static func row(_ cells: [String]) -> String {
    let widths = [15, 9, 8, 11, 9, 9, 9, 9, 10, 0]
    return zip(cells, widths).enumerated().map { index, cell in
      let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
      return index == 0 || index == widths.count - 1 ? cell.0 + padding : padding + cell.0
    }.joined(separator: "  ")
  }

  private static func number(_ value: Double, digits: Int = 0) -> String {
    let scale = [1.0, 10, 100][digits]
    let rounded = (value * scale).rounded() / scale
    return digits == 0 ? "\(Int(rounded))" : "\(rounded)"
  }
}
