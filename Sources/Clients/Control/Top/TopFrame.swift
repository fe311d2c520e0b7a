import BitcoinWire
import Commands
import ControlProtocol
import JSON
import LogText

/// The content of the live display at one moment.
struct TopFrame {
  /// Traffic and events from the log stream.
  let model: TopModel
  /// The open connections.
  let connections: [ConnectionInfo]
  /// The connector's statistics.
  let statistics: ConnectorStatistics
  /// The sort order of commands and peers.
  let order: TopOrder
  /// The current time, in ns since the Unix epoch.
  let now: UInt64

  /// All commands seen since the start, sorted, with their traffic in the last sample and in total.
  var commands: [(command: Command, traffic: TopModel.Traffic, total: TopModel.Traffic)] {
    let all = model.totals.map {
      (command: $0.key, traffic: model.commands[$0.key] ?? .init(), total: $0.value)
    }
    return all.sorted { left, right in
      let precedes =
        order == .total
        ? order.precedes(left.total, right.total) : order.precedes(left.traffic, right.traffic)
      return precedes ?? (left.command.description < right.command.description)
    }
  }

  /// The connections with the most traffic, sorted.
  func busiest(_ count: Int) -> [(connection: ConnectionInfo, traffic: TopModel.Traffic)] {
    let all = connections.compactMap { connection in
      model.peers[connection.id].map { (connection: connection, traffic: $0) }
    }
    return Array(
      all.sorted { left, right in
        order.precedes(left.traffic, right.traffic) ?? (left.connection.id < right.connection.id)
      }.prefix(count)
    )
  }

  /// The connections with the longest latest ping.
  func slowest(_ count: Int) -> [ConnectionInfo] {
    let measured = connections.filter { $0.ping > 0 }
    return Array(measured.sorted { ($0.ping, $1.id) > ($1.ping, $0.id) }.prefix(count))
  }

  // MARK: For people

  /// The lines to show. With a number of rows, exactly fills them; without, returns about 40 lines and no key
  /// help.
  func lines(rows limit: Int?) -> [String] {
    let rows = limit ?? 40
    // 12 rows are for the head and foot, four headings, and empty lines.
    let room = max(4, rows - 12)
    let commandCount = max(2, room * 2 / 5)
    let peerCount = max(1, room / 5)
    var lines = head + [""]
    lines += commandLines(commandCount) + [""]
    lines += peerLines(peerCount) + [""] + slowLines(peerCount) + [""]
    let eventRoom = max(1, rows - lines.count - 2)
    lines.append("EVENTS")
    lines += model.events.suffix(eventRoom).reversed().map(line)
    guard limit != nil else { return lines }
    while lines.count < rows - 1 { lines.append("") }
    let foot = "q quit · order by m messages, b bytes, t total, n name (now \(order.rawValue))"
    return lines.prefix(max(1, rows - 1)) + [foot]
  }

  private var head: [String] {
    let traffic = model.traffic
    let counts = model.eventCounts
    return [
      "netmine top  \(statistics.networkName)  \(Quantity.time(now))  connector up "
        + Quantity.age(now > statistics.since ? (now - statistics.since) / 1_000_000_000 : 0),
      "connections  \(statistics.openOutbound) out, \(statistics.openInbound) in, \(statistics.connecting) connecting, "
        + "\(statistics.handshaking) in handshake; seen: \(counts.opened) opened, \(counts.ended) ended, "
        + "\(counts.failed) failed",
      "in \(Quantity.perSecond(model.rate(traffic.messagesIn))) "
        + "\(Quantity.bytesPerSecond(model.rate(traffic.bytesIn)))   out "
        + "\(Quantity.perSecond(model.rate(traffic.messagesOut))) "
        + "\(Quantity.bytesPerSecond(model.rate(traffic.bytesOut)))   records waiting "
        + "\(statistics.recordsWaiting), dropped \(statistics.recordsDropped)",
    ]
  }

  private func commandLines(_ count: Int) -> [String] {
    var table = Table([
      .init("COMMAND"), .init("IN/s", .trailing), .init("OUT/s", .trailing), .init("BYTES/s", .trailing),
      .init("TOTAL IN", .trailing), .init("TOTAL OUT", .trailing),
    ])
    for (command, traffic, total) in commands.prefix(count) {
      table.add([
        EscapedText.ascii(command.description.utf8), Quantity.perSecond(model.rate(traffic.messagesIn)),
        Quantity.perSecond(model.rate(traffic.messagesOut)),
        Quantity.bytesPerSecond(model.rate(traffic.bytes)), "\(total.messagesIn)", "\(total.messagesOut)",
      ])
    }
    return table.lines
  }

  private func peerLines(_ count: Int) -> [String] {
    var table = Table([
      .init("BUSIEST", .trailing), .init("ADDRESS"), .init("IN/s", .trailing), .init("OUT/s", .trailing),
      .init("BYTES/s", .trailing), .init("USER AGENT"),
    ])
    for (connection, traffic) in busiest(count) {
      table.add([
        "#\(connection.id)", "\(connection.remote)", Quantity.perSecond(model.rate(traffic.messagesIn)),
        Quantity.perSecond(model.rate(traffic.messagesOut)),
        Quantity.bytesPerSecond(model.rate(traffic.bytes)),
        EscapedText.utf8(connection.introduction.userAgent),
      ])
    }
    return table.lines
  }

  private func slowLines(_ count: Int) -> [String] {
    var table = Table([
      .init("SLOWEST", .trailing), .init("ADDRESS"), .init("PING ms", .trailing), .init("MIN ms", .trailing),
      .init("WAITING", .trailing), .init("USER AGENT"),
    ])
    for connection in slowest(count) {
      table.add([
        "#\(connection.id)", "\(connection.remote)", Quantity.milliseconds(connection.ping),
        Quantity.milliseconds(connection.shortestPing), Quantity.bytes(UInt64(connection.bytesWaiting)),
        EscapedText.utf8(connection.introduction.userAgent),
      ])
    }
    return table.lines
  }

  private func line(_ event: TopModel.Event) -> String {
    "\(Quantity.time(event.time)) #\(event.connection) \(event.remote) \(event.words)"
  }

  // MARK: For programs

  /// The same as JSON; rates are per second.
  var json: JSONWriter {
    var json = JSONWriter()
    json.member("time_ns", now)
    json.member("seconds", model.seconds)
    json.member("network", statistics.networkName)
    json.member("open_outbound", statistics.openOutbound)
    json.member("open_inbound", statistics.openInbound)
    write(model.traffic, to: &json)
    json.objects("commands", commands) { json, entry in
      json.member("command", entry.command.description)
      write(entry.traffic, to: &json)
      json.member("total_in", entry.total.messagesIn)
      json.member("total_out", entry.total.messagesOut)
    }
    json.objects("busiest", busiest(10)) { json, entry in
      json.member("connection", entry.connection.id)
      json.member("address", entry.connection.remote.description)
      write(entry.traffic, to: &json)
    }
    json.objects("slowest", slowest(10)) { json, connection in
      json.member("connection", connection.id)
      json.member("address", connection.remote.description)
      json.member("ping_ns", connection.ping)
    }
    json.objects("events", model.events) { json, event in
      json.member("time_ns", event.time)
      json.member("connection", event.connection)
      json.member("address", event.remote.description)
      json.member("event", event.words)
    }
    return json
  }

  private func write(_ traffic: TopModel.Traffic, to json: inout JSONWriter) {
    json.member("messages_in_per_second", model.rate(traffic.messagesIn))
    json.member("messages_out_per_second", model.rate(traffic.messagesOut))
    json.member("bytes_in_per_second", model.rate(traffic.bytesIn))
    json.member("bytes_out_per_second", model.rate(traffic.bytesOut))
  }
}
