import BitcoinWire

/// What may be written of messages, for help texts; `MessageKind` has the fields.
enum MessageHelp {
  /// How messages are written, in a line.
  static let short =
    "NAME [FIELD=VALUE…], such as ping or inv items=tx:HASH; tx BYTES; block BYTES; raw COMMAND [BYTES]; or hex "
    + "BYTES, a whole message. Several may follow."

  /// A sentence that says which fields a message has.
  static func fields(of command: Command) -> String {
    guard let kind = MessageKind.of(command) else { return "It is not decoded here." }
    return kind.fields.isEmpty ? "It has no fields." : "Its fields: \(text(kind.fields))."
  }

  /// The messages and their fields, and how those are written.
  static var discussion: String { discussion(of: MessageKind.all) }

  /// The same for some kinds of messages. Those with the same fields share a line.
  static func discussion(of kinds: [MessageKind]) -> String {
    var groups: [(names: [String], fields: [MessageField])] = []
    for kind in kinds {
      if let index = groups.firstIndex(where: { $0.fields == kind.fields }) {
        groups[index].names.append(kind.command.description)
      } else {
        groups.append(([kind.command.description], kind.fields))
      }
    }
    let lines = groups.filter { !$0.fields.isEmpty }.map { group in
      "  \(group.names.joined(separator: ", ")): \(text(group.fields))"
    }
    let plain = groups.filter(\.fields.isEmpty).flatMap(\.names)
    return """
      Messages and their fields, those in brackets may be left out:
      \(lines.joined(separator: "\n"))
        without fields: \(plain.joined(separator: ", "))

      Fields are those that --json shows of messages (netmine watch --json), and may be given so too: ping \
      '{"nonce":258}'. Hashes are in reversed byte order, as people write them; bytes in hexadecimal; services by \
      name or as a number. BYTES are hexadecimal digits, a file of those or of the bytes themselves, or - for stdin.
      """
  }

  private static func text(_ fields: [MessageField]) -> String {
    fields.map(\.description).joined(separator: " ")
  }
}
