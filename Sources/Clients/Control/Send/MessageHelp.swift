import BitcoinWire

/// Help texts about the syntax of messages. The fields come from `MessageKind`.
enum MessageHelp {
  /// The syntax in one line.
  static let short =
    "NAME [FIELD=VALUE…], such as ping or inv items=tx:HASH; tx BYTES; block BYTES; raw COMMAND [BYTES]; or hex "
    + "BYTES for a whole message. Give one or more."

  /// A sentence about the fields of a message.
  static func fields(of command: Command) -> String {
    guard let kind = MessageKind.of(command) else { return "Its fields are not known." }
    return kind.fields.isEmpty ? "It has no fields." : "Its fields: \(text(kind.fields))."
  }

  /// All messages with their fields, and the syntax of fields.
  static var discussion: String { discussion(of: MessageKind.all) }

  /// The same for some kinds of messages. Messages with the same fields share a line.
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
      Messages and their fields ([optional]):
      \(lines.joined(separator: "\n"))
        without fields: \(plain.joined(separator: ", "))

      Field names are those that netmine watch --json prints. Fields may also be given as JSON: ping \
      '{"nonce":258}'. Write hashes in the usual reversed byte order, bytes in hexadecimal, and services by \
      name or as a number. BYTES are hexadecimal digits, a file of such digits or of raw bytes, or - for \
      stdin.
      """
  }

  private static func text(_ fields: [MessageField]) -> String {
    fields.map(\.description).joined(separator: " ")
  }
}
