import BitcoinWire
import Bytes
import Observations

/// A message between a program and the log server: the body of a META record with source and sequence number
/// 0, which is neither forwarded nor archived.
///
/// Layout: u8 code from 0x80, then the fields of the code's case in the order listed there, big-endian.
public enum LinkMessage: Equatable, Sendable {
  /// A source introduces itself: description, u32 former id (0: none), u64 its next sequence number, u64 the
  /// oldest one it can still send, 32 bytes of the secret that proves its instance. Sources before 0.2 have
  /// no secret.
  case hello(
    SourceDescription,
    formerSource: UInt32,
    nextSequence: UInt64,
    oldestHeld: UInt64,
    secret: SourceSecret?
  )

  /// The server accepts a source: u32 id granted, u64 the server's own instance, u64 the sequence number (0:
  /// none) after which the source resumes.
  case grant(source: UInt32, server: UInt64, resumeAfter: UInt64)

  /// Every archiving reader has these sources' records up to these sequence numbers: u32 count, then u32
  /// source and u64 sequence number each. From server to source, and from an archiving reader to the server.
  case acknowledge([UInt32: UInt64])

  /// A reader subscribes, or changes its subscription: subscription, then its positions (as in
  /// `RotationMark`).
  case subscribe(Subscription, positions: [ArchivePosition])

  /// A source or reader leaves on purpose; no fields.
  case goodbye

  /// The server refuses a connection and closes it: text, the reason.
  case refusal(String)

  /// The server asks a source to resend the records it holds after a sequence number (u64).
  case rewind(after: UInt64)

  /// A source's answer to a rewind, right before the first record it sends again; no fields.
  case rewound

  /// A client at the readers' socket asks for the server's status; no fields.
  case statusRequest

  /// The server's status.
  case status(ServerStatus)

  /// Decodes a body; nil if it is that of a `MetaBody`.
  public init?(_ body: RawSpan) throws(WireError) {
    var reader = ByteReader(body)
    let code = try reader.big(UInt8.self, "meta code")
    guard MetaBody.isLink(code) else { return nil }
    switch code {
    case 0x80:
      self = .hello(
        try SourceDescription(&reader),
        formerSource: try reader.big("former source"),
        nextSequence: try reader.big("next sequence"),
        oldestHeld: try reader.big("oldest held"),
        secret: reader.remaining > 0 ? try SourceSecret(&reader) : nil
      )
    case 0x81:
      self = .grant(
        source: try reader.big("source"),
        server: try reader.big("server instance"),
        resumeAfter: try reader.big("resume after")
      )
    case 0x82:
      let count = try reader.big(UInt32.self, "acknowledged count")
      try reader.require(Int(count) * 12, "acknowledged sources")
      var sequences: [UInt32: UInt64] = [:]
      for _ in 0..<count { sequences[try reader.big("source")] = try reader.big(UInt64.self, "sequence") }
      self = .acknowledge(sequences)
    case 0x83:
      self = .subscribe(try Subscription(&reader), positions: try reader.positions())
    case 0x84: self = .goodbye
    case 0x85: self = .refusal(try reader.text("reason"))
    case 0x86: self = .rewind(after: try reader.big("sequence"))
    case 0x87: self = .statusRequest
    case 0x89: self = .rewound
    case 0x88: self = .status(try ServerStatus(&reader))
    default:
      throw WireError(.invalid("is \(code), which this version does not know"), field: "meta code", offset: 0)
    }
    try reader.finish("link message")
  }

  /// Encodes the message as a whole record.
  ///
  /// - Parameter time: time stamp of the record, in ns since the Unix epoch.
  public func record(at time: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    switch self {
    case .hello(let description, let formerSource, let nextSequence, let oldestHeld, let secret):
      bytes.append(0x80)
      description.write(to: &bytes)
      bytes.appendBig(formerSource)
      bytes.appendBig(nextSequence)
      bytes.appendBig(oldestHeld)
      if let secret { bytes += secret.bytes }
    case .grant(let source, let server, let resumeAfter):
      bytes.append(0x81)
      bytes.appendBig(source)
      bytes.appendBig(server)
      bytes.appendBig(resumeAfter)
    case .acknowledge(let sequences):
      bytes.append(0x82)
      bytes.appendBig(UInt32(sequences.count))
      for (source, sequence) in sequences {
        bytes.appendBig(source)
        bytes.appendBig(sequence)
      }
    case .subscribe(let subscription, let positions):
      bytes.append(0x83)
      subscription.write(to: &bytes)
      bytes.appendPositions(positions)
    case .goodbye: bytes.append(0x84)
    case .refusal(let reason):
      bytes.append(0x85)
      bytes.appendText(reason)
    case .rewind(let sequence):
      bytes.append(0x86)
      bytes.appendBig(sequence)
    case .rewound: bytes.append(0x89)
    case .statusRequest: bytes.append(0x87)
    case .status(let status):
      bytes.append(0x88)
      status.write(to: &bytes)
    }
    return RecordHeader(type: .meta, time: time, bodyCount: bytes.count).record(body: bytes)
  }
}
