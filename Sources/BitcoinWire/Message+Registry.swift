import Bytes

extension Message {
  /// How to read the payload of a command.
  struct Decoder: Sendable {
    /// The command whose payload it reads.
    let command: Command

    /// Reads a payload, and what follows it.
    let decode: @Sendable (RawSpan) throws(WireError) -> DecodedMessage

    /// A command whose payload makes a message.
    init<Payload: MessagePayload>(_ command: Command, _ message: @escaping @Sendable (Payload) -> Message) {
      self.command = command
      decode = { (bytes: RawSpan) throws(WireError) -> DecodedMessage in
        var reader = ByteReader(bytes)
        let payload = try Payload(from: &reader)
        let trailing = try reader.array(reader.remaining, "trailing bytes")
        return DecodedMessage(message(payload), trailing: trailing)
      }
    }

    /// A command without a payload.
    init(_ command: Command, _ message: Message) {
      self.init(command) { (_: EmptyPayload) in message }
    }
  }

  /// Every command that is decoded: the one table to extend for a new message.
  static let decoders: [Decoder] = [
    Decoder(.version, Message.version),
    Decoder(.verack, .verack),
    Decoder(.wtxidrelay, .wtxidrelay),
    Decoder(.sendaddrv2, .sendaddrv2),
    Decoder(.sendheaders, .sendheaders),
    Decoder(.sendcmpct, Message.sendcmpct),
    Decoder(.feefilter, Message.feefilter),
    Decoder(.ping, Message.ping),
    Decoder(.pong, Message.pong),
    Decoder(.getaddr, .getaddr),
    Decoder(.addr, Message.addr),
    Decoder(.addrv2, Message.addrv2),
    Decoder(.inv, Message.inv),
    Decoder(.getdata, Message.getdata),
    Decoder(.notfound, Message.notfound),
    Decoder(.getheaders, Message.getheaders),
    Decoder(.getblocks, Message.getblocks),
    Decoder(.headers, Message.headers),
    Decoder(.tx, Message.tx),
    Decoder(.block, Message.block),
    Decoder(.mempool, .mempool),
    Decoder(.reject, Message.reject),
    Decoder(.filterload, Message.filterload),
    Decoder(.filteradd, Message.filteradd),
    Decoder(.filterclear, .filterclear),
    Decoder(.merkleblock, Message.merkleblock),
    Decoder(.cmpctblock, Message.cmpctblock),
    Decoder(.getblocktxn, Message.getblocktxn),
    Decoder(.blocktxn, Message.blocktxn),
    Decoder(.getcfilters, Message.getcfilters),
    Decoder(.cfilter, Message.cfilter),
    Decoder(.getcfheaders, Message.getcfheaders),
    Decoder(.cfheaders, Message.cfheaders),
    Decoder(.getcfcheckpt, Message.getcfcheckpt),
    Decoder(.cfcheckpt, Message.cfcheckpt),
    Decoder(.sendtxrcncl, Message.sendtxrcncl),
    Decoder(.feature, Message.feature),
    Decoder(.alert, Message.alert),
  ]

  private static let decoderByCommand = Dictionary(uniqueKeysWithValues: decoders.map { ($0.command, $0) })

  /// The commands that are decoded; all others become `unknown`.
  public static var decodedCommands: [Command] { decoders.map(\.command) }

  /// Decodes the payload of a message with this command.
  ///
  /// Refuses what Bitcoin Core refuses; bytes after the last field are kept apart, not refused.
  public static func decode(_ command: Command, payload: RawSpan) throws(WireError) -> DecodedMessage {
    guard let decoder = decoderByCommand[command] else {
      return DecodedMessage(.unknown(command: command, payload: Array(payload)))
    }
    return try decoder.decode(payload)
  }

  /// What the header says and what the payload is made of; the reverse of the table above, which the
  /// compiler keeps complete.
  var parts: (command: Command, payload: any MessagePayload) {
    switch self {
    case .version(let payload): (.version, payload)
    case .verack: (.verack, EmptyPayload())
    case .wtxidrelay: (.wtxidrelay, EmptyPayload())
    case .sendaddrv2: (.sendaddrv2, EmptyPayload())
    case .sendheaders: (.sendheaders, EmptyPayload())
    case .sendcmpct(let payload): (.sendcmpct, payload)
    case .feefilter(let payload): (.feefilter, payload)
    case .ping(let payload): (.ping, payload)
    case .pong(let payload): (.pong, payload)
    case .getaddr: (.getaddr, EmptyPayload())
    case .addr(let payload): (.addr, payload)
    case .addrv2(let payload): (.addrv2, payload)
    case .inv(let payload): (.inv, payload)
    case .getdata(let payload): (.getdata, payload)
    case .notfound(let payload): (.notfound, payload)
    case .getheaders(let payload): (.getheaders, payload)
    case .getblocks(let payload): (.getblocks, payload)
    case .headers(let payload): (.headers, payload)
    case .tx(let payload): (.tx, payload)
    case .block(let payload): (.block, payload)
    case .mempool: (.mempool, EmptyPayload())
    case .reject(let payload): (.reject, payload)
    case .filterload(let payload): (.filterload, payload)
    case .filteradd(let payload): (.filteradd, payload)
    case .filterclear: (.filterclear, EmptyPayload())
    case .merkleblock(let payload): (.merkleblock, payload)
    case .cmpctblock(let payload): (.cmpctblock, payload)
    case .getblocktxn(let payload): (.getblocktxn, payload)
    case .blocktxn(let payload): (.blocktxn, payload)
    case .getcfilters(let payload): (.getcfilters, payload)
    case .cfilter(let payload): (.cfilter, payload)
    case .getcfheaders(let payload): (.getcfheaders, payload)
    case .cfheaders(let payload): (.cfheaders, payload)
    case .getcfcheckpt(let payload): (.getcfcheckpt, payload)
    case .cfcheckpt(let payload): (.cfcheckpt, payload)
    case .sendtxrcncl(let payload): (.sendtxrcncl, payload)
    case .feature(let payload): (.feature, payload)
    case .alert(let payload): (.alert, payload)
    case .unknown(let command, _): (command, EmptyPayload())
    }
  }
}
