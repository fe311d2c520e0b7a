import BitcoinWire
import Bytes
import LogProtocol
import Observations
import Wording

extension MetaBody {
  /// The record in words, safe to print.
  func words(_ names: StreamNames, _ times: inout TimeText) -> String {
    switch self {
    case .sourceJoined(let source, let description):
      let name = description.name.isEmpty ? "" : " \"\(EscapedText.utf8(description.name.utf8))\""
      let version = EscapedText.utf8(description.version.utf8)
      return "joined: \(names.name(of: source))\(name) version \(version) process \(description.process)"
    case .sourceLeft(let source, let saidGoodbye, let last, let reason):
      let why = reason.isEmpty ? "" : ": \(EscapedText.utf8(reason.utf8))"
      return
        "left \(saidGoodbye ? "in order" : "without goodbye"): \(names.name(of: source)) after \(last)\(why)"
    case .openConnection(let open):
      let agent = open.userAgent.isEmpty ? "" : " \(EscapedText.utf8(open.userAgent))"
      return "open since \(times.text(open.since)) \(open.direction)\(agent)"
    case .gap(let gap):
      let source = gap.source == 0 ? "" : " of \(names.name(of: gap.source))"
      let bytes = gap.byteCount == 0 ? "" : ", \(gap.byteCount) bytes"
      let range = "\(gap.sequences.lowerBound) to \(gap.sequences.upperBound)"
      return "gap: \(gap.count) records\(source) are missing, \(range)\(bytes): \(gap.cause.text)"
    case .clock(let clock):
      let keeping = clock.isSynchronised ? "synchronised" : "not synchronised"
      return "clock: \(keeping), off by \(clock.offset) ns, error at most \(clock.errorBound) ns"
    case .rotation(let mark):
      let positions = mark.positions.map { "\(names.name(of: $0.source)) \($0.sequence)" }
      return "segment begins" + (positions.isEmpty ? "" : " after " + positions.joined(separator: ", "))
    }
  }
}

extension ConnectionEvent {
  /// The event in words, safe to print.
  var words: String {
    var words = "\(code.name) \(direction)"
    if duration > 0 { words += " after \(duration / 1_000_000) ms" }
    if !userAgent.isEmpty { words += " \(EscapedText.utf8(userAgent))" }
    if let outcome { words += ": \(EscapedText.utf8(outcome.words.utf8))" }
    if let number = outcome?.errorNumber, number != 0 { words += " (errno \(number))" }
    if !evidence.isEmpty { words += " [\(evidence.count) bytes kept]" }
    return words
  }
}
