import BitcoinWire

/// What may be written of messages, for help texts.
enum MessageHelp {
  /// How messages are written, in a line.
  static let short =
    "NAME [FIELD=VALUE…], such as ping or inv items=tx:HASH; tx BYTES; block BYTES; raw COMMAND [BYTES]; or hex "
    + "BYTES, a whole message. Several may follow."

  /// The fields of each message that has any; those in brackets may be left out.
  static let fields: [(command: Command, fields: String)] = [
    (
      .version,
      "[version] [services] [time] [receiver] [sender] [nonce] [user_agent] [start_height] [relay]"
    ),
    (.ping, "[nonce]"), (.pong, "nonce"), (.feefilter, "fee_rate (satoshi per 1000 vB)"),
    (.sendcmpct, "[announce] [version]"), (.sendtxrcncl, "[version] [salt]"), (.feature, "name [data]"),
    (.addr, "nodes=ADDRESS:PORT,…"), (.addrv2, "nodes=ADDRESS:PORT,…"),
    (
      .inv,
      "items=TYPE:HASH,…  (tx, wtx, block, witness_tx, witness_block, compact_block, filtered_block, a number)"
    ),
    (.getdata, "items"), (.notfound, "items"), (.getheaders, "[locator=HASH,…] [stop] [version]"),
    (.getblocks, "[locator=HASH,…] [stop] [version]"),
    (.headers, "headers (in JSON) [transaction_counts]"),
    (.tx, "bytes=HEX, or [version] [inputs] [outputs] [lock_time] (in JSON)"),
    (.block, "bytes=HEX, or those of a header and [transactions]"),
    (.cmpctblock, "those of a header, [short_id_nonce] [short_ids] [prefilled]"),
    (.getblocktxn, "block [indexes=N,…]"), (.blocktxn, "block [transactions=HEX,…]"),
    (.merkleblock, "those of a header, transaction_count [hashes] [flags]"),
    (.filterload, "filter [hash_functions] [tweak] [flags]"), (.filteradd, "element"),
    (.getcfilters, "start_height stop [filter_type]"), (.getcfheaders, "start_height stop [filter_type]"),
    (.getcfcheckpt, "stop [filter_type]"), (.cfilter, "block filter [filter_type]"),
    (.cfheaders, "stop [previous] [filter_hashes] [filter_type]"),
    (.cfcheckpt, "stop [filter_headers] [filter_type]"), (.reject, "code [command] [reason] [hash]"),
    (.alert, "content [signature]"),
  ]

  /// A sentence that says which fields a message has.
  static func fields(of command: Command) -> String {
    fields.first { $0.command == command }.map { "Its fields: \($0.fields)." } ?? "It has no fields."
  }

  /// The messages and their fields, and how those are written.
  static var discussion: String {
    let plain = Message.decodedCommands.filter { command in !fields.contains { $0.command == command } }
    return """
      Messages and their fields, those in brackets may be left out:
      \(fields.map { "  \($0.command) \($0.fields)" }.joined(separator: "\n"))
        without fields: \(plain.map(\.description).joined(separator: ", "))

      Fields are those that --json shows of messages (netmine watch --json), and may be given so too: ping \
      '{"nonce":258}'. Hashes are in reversed byte order, as people write them; bytes in hexadecimal; services by \
      name or as a number. A header's fields: version previous merkle_root time bits nonce. BYTES are hexadecimal \
      digits, a file of those or of the bytes themselves, or - for stdin.
      """
  }
}
