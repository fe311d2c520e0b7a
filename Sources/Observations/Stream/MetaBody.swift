import Bytes

/// The body of a `RecordType.meta` record: an event or a state of the stream itself.
///
/// Layout: u8 code, then the fields of the code's case in the order listed there, big-endian
/// (docs/log-format.md). Codes from 0x80 are used only between a program and the log server; `LinkMessage`
/// has them.
public enum MetaBody: Equatable, Sendable {
  /// A source joined: u32 id granted, then `SourceDescription`. Code 0x01.
  case sourceJoined(source: UInt32, SourceDescription)

  /// A source left: u32 id, u8 1 with or 0 without goodbye, u64 last sequence number seen, text reason. Code
  /// 0x02.
  case sourceLeft(source: UInt32, saidGoodbye: Bool, lastSequence: UInt64, reason: String)

  /// The connection in the record's header is open: u8 direction, endpoint remote, endpoint local, u64 since
  /// (ns since the Unix epoch), peer information as in `ConnectionEvent`. Code 0x07. Programs before 0.2
  /// write code 0x03, which ends with u16 count and bytes of the user agent instead.
  case openConnection(OpenConnection)

  /// Records are missing. Code 0x04.
  case gap(Gap)

  /// The state of a source's clock. Code 0x05.
  case clock(ClockState)

  /// A new archive segment begins, with these positions. Code 0x06.
  case rotation(RotationMark)

  /// Decodes a body.
  public init(_ body: RawSpan) throws(WireError) {
    var reader = ByteReader(body)
    let code = try reader.big(UInt8.self, "meta code")
    switch code {
    case 0x01:
      self = .sourceJoined(source: try reader.big("source"), try SourceDescription(&reader))
    case 0x02:
      self = .sourceLeft(
        source: try reader.big("source"),
        saidGoodbye: try reader.big(UInt8.self, "goodbye") != 0,
        lastSequence: try reader.big("last sequence"),
        reason: try reader.text("reason")
      )
    case Self.earlyOpenConnection: self = .openConnection(try OpenConnection(&reader, early: true))
    case 0x04: self = .gap(try Gap(&reader))
    case 0x05: self = .clock(try ClockState(&reader))
    case 0x06: self = .rotation(try RotationMark(&reader))
    case 0x07: self = .openConnection(try OpenConnection(&reader, early: false))
    default:
      throw WireError(.invalid("is \(code), which this version does not know"), field: "meta code", offset: 0)
    }
    try reader.finish("meta record")
  }

  /// The encoded body.
  public var body: [UInt8] {
    var bytes: [UInt8] = []
    switch self {
    case .sourceJoined(let source, let description):
      bytes.append(0x01)
      bytes.appendBig(source)
      description.write(to: &bytes)
    case .sourceLeft(let source, let saidGoodbye, let lastSequence, let reason):
      bytes.append(0x02)
      bytes.appendBig(source)
      bytes.append(saidGoodbye ? 1 : 0)
      bytes.appendBig(lastSequence)
      bytes.appendText(reason)
    case .openConnection(let connection):
      bytes.append(0x07)
      connection.write(to: &bytes)
    case .gap(let gap):
      bytes.append(0x04)
      gap.write(to: &bytes)
    case .clock(let state):
      bytes.append(0x05)
      state.write(to: &bytes)
    case .rotation(let mark):
      bytes.append(0x06)
      mark.write(to: &bytes)
    }
    return bytes
  }

  /// The code of an open connection in bodies of programs before 0.2.
  public static let earlyOpenConnection: UInt8 = 0x03

  /// The codes that this version knows; newer versions may have others.
  public static let codes: ClosedRange<UInt8> = 0x01...0x07

  /// Whether a code is that of a `LinkMessage`.
  public static func isLink(_ code: UInt8) -> Bool { code >= 0x80 }
}
