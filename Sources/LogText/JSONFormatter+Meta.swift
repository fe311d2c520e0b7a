import BitcoinWire
import Bytes
import JSON
import LogProtocol
import Observations

extension MetaBody {
  /// Writes the body's fields as members of the record's object.
  func write(to json: inout JSONWriter) {
    switch self {
    case .sourceJoined(let source, let description):
      json.member("meta", "source_joined")
      json.member("subject", source)
      // As 16 digits: most JSON readers cannot keep 64 bits exactly.
      json.member("instance", Hexadecimal.text(description.instance))
      json.member("process", description.process)
      json.member("kind", description.kind)
      json.member("name", description.name)
      json.member("version", description.version)
    case .sourceLeft(let source, let saidGoodbye, let last, let reason):
      json.member("meta", "source_left")
      json.member("subject", source)
      json.member("said_goodbye", saidGoodbye)
      json.member("last_sequence", last)
      json.member("reason", reason)
    case .openConnection(let open):
      json.member("meta", "open_connection")
      json.member("local", "\(open.local)")
      json.member("opened", "\(open.direction)")
      json.member("since_ns", open.since)
      json.member("user_agent", EscapedText.utf8(open.userAgent))
    case .gap(let gap):
      json.member("meta", "gap")
      json.member("subject", gap.source)
      json.member("first_sequence", gap.sequences.lowerBound)
      json.member("last_sequence", gap.sequences.upperBound)
      json.member("count", gap.count)
      json.member("bytes", gap.byteCount)
      json.member("cause", gap.cause.text)
    case .clock(let clock):
      json.member("meta", "clock")
      json.member("offset_ns", clock.offset)
      json.member("error_bound_ns", clock.errorBound)
      json.member("synchronised", clock.isSynchronised)
    case .rotation(let mark):
      json.member("meta", "rotation")
      json.objects("positions", mark.positions) { json, position in
        json.member("instance", Hexadecimal.text(position.instance))
        json.member("source", position.source)
        json.member("sequence", position.sequence)
      }
    }
  }
}
