import BitcoinWire
import Bytes
import JSON
import LogFiles
import LogProtocol

extension ArchiveReport {
  /// The report in lines for people, safe to print.
  public var text: String {
    var lines: [String] = []
    for file in files {
      let torn = file.tornCount > 0 ? ", then \(file.tornCount) bytes of an incomplete record" : ""
      lines.append("\(EscapedText.utf8(file.path.utf8)): \(file.byteCount) bytes\(torn)")
    }
    if let times {
      var text = TimeText()
      lines.append("from \(text.text(times.lowerBound)) to \(text.text(times.upperBound))")
    }
    for source in sources where source.recordCount > 0 || !source.missing.isEmpty {
      lines.append(line(source))
    }
    lines.append("records: \(recordCount), \(unnumberedCount) of them without a sequence number")
    lines.append("connections opened: \(openedCount)")
    if !traffic.isEmpty { lines.append("messages by command (received, sent):") }
    for (command, traffic) in orderedTraffic {
      lines.append("  \(command) \(traffic.received) \(traffic.sent)")
    }
    lines.append("messages with a wrong checksum: \(wrongChecksumCount)")
    lines.append("times running backwards within one direction of a connection: \(backwardsCount)")
    lines.append("duplicate records: \(duplicateCount)")
    lines.append("records out of order: \(lateCount)")
    lines.append("records lost: \(lostCount.sumText)")
    return lines.joined(separator: "\n") + "\n"
  }

  /// The report as one JSON object on one line, with a line feed.
  public var json: String {
    var json = JSONWriter()
    json.objects("files", files) { json, file in
      json.member("path", file.path)
      json.member("bytes", file.byteCount)
      json.member("torn_bytes", file.tornCount)
    }
    if let times {
      json.member("first_time_ns", times.lowerBound)
      json.member("last_time_ns", times.upperBound)
    }
    json.objects("sources", sources) { json, source in
      json.member("id", source.id)
      json.member("instance", Hexadecimal.text(source.instance))
      json.member("kind", source.kind)
      json.member("name", source.name)
      json.member("first_sequence", source.firstSequence)
      json.member("last_sequence", source.lastSequence)
      json.member("records", source.recordCount)
      json.member("bytes", source.byteCount)
      json.member("duplicates", source.duplicateCount)
      json.member("out_of_order", source.lateCount)
      json.member("before_archive", source.beforeArchiveCount)
      json.member("missing_explained", source.explainedCount)
      json.member("missing_unexplained", source.unexplainedCount)
      json.objects("missing", source.missing) { json, range in
        json.member("first", range.sequences.lowerBound)
        json.member("last", range.sequences.upperBound)
        json.member("cause", range.cause.word)
        json.member("lost", !range.isBeforeArchive)
      }
    }
    json.objects("messages", orderedTraffic) { json, entry in
      json.member("command", "\(entry.0)")
      json.member("received", entry.1.received)
      json.member("sent", entry.1.sent)
    }
    json.member("records", recordCount)
    json.member("unnumbered", unnumberedCount)
    json.member("bytes", byteCount)
    json.member("connections_opened", openedCount)
    json.member("wrong_checksums", wrongChecksumCount)
    json.member("backwards", backwardsCount)
    json.member("duplicates", duplicateCount)
    json.member("out_of_order", lateCount)
    json.member("lost", lostCount)
    json.member("lost_is_at_least", lostCount == .max)
    json.member("faultless", isFaultless)
    return String(decoding: json.finish(), as: UTF8.self) + "\n"
  }

  /// The traffic by command, most messages first.
  private var orderedTraffic: [(Command, Traffic)] {
    traffic.map { ($0.key, $0.value, "\($0.key)") }
      .sorted { ($1.1.received + $1.1.sent, $0.2) < ($0.1.received + $0.1.sent, $1.2) }
      .map { ($0.0, $0.1) }
  }

  private func line(_ source: Source) -> String {
    let name = source.kind.isEmpty ? "source" : EscapedText.utf8(source.kind.utf8)
    var line = "\(name)-\(source.id): \(source.recordCount) records, \(source.byteCount) bytes"
    if source.recordCount > 0 { line += ", sequences \(source.firstSequence) to \(source.lastSequence)" }
    if source.beforeArchiveCount > 0 { line += ", \(source.beforeArchiveCount) before the archive" }
    if source.explainedCount > 0 { line += ", \(source.explainedCount) missing and explained" }
    if source.unexplainedCount > 0 { line += ", \(source.unexplainedCount) missing unexplained" }
    if source.duplicateCount > 0 { line += ", \(source.duplicateCount) duplicates" }
    if source.lateCount > 0 { line += ", \(source.lateCount) out of order" }
    return line
  }
}
