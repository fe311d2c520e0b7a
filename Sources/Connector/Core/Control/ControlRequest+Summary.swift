import BitcoinWire
import Bytes
import ControlProtocol

extension ControlRequest {
  /// The request and its arguments in one line, for a CTRL record.
  var summary: String {
    switch self {
    case .hello(let versions, let client):
      "hello \(EscapedText.utf8(Array(client.utf8))) versions \(versions)"
    case .registerMessage(let message): "register \(Self.text(message))"
    case .listMessages: "list messages"
    case .forgetMessage(let identifier): "forget message \(identifier)"
    case .connect(let targets):
      "connect "
        + targets.map(\.summary).joined(separator: " ")
    case .disconnect(let target): "disconnect \(target.summary)"
    case .send(let request):
      switch request.content {
      case .registered(let identifier): "send message \(identifier) to \(request.target.summary)"
      case .message(let message): "send \(Self.text(message)) to \(request.target.summary)"
      }
    case .listConnections(let after, let limit, let target):
      "list connections after \(after) limit \(limit) of \(target.summary)"
    case .statistics: "statistics"
    case .reload: "reload"
    case .shutDown: "shut down"
    }
  }

  private static func text(_ message: [UInt8]) -> String {
    let command = MessageHeader(peeking: message.span.bytes).map { "\($0.command)" } ?? "bytes"
    let hex = Hexadecimal.text(message.prefix(1024))
    return "\(command) (\(message.count) bytes: \(hex)\(message.count > 1024 ? "…" : ""))"
  }
}

extension ControlTarget {
  /// The target in words.
  var summary: String {
    switch self {
    case .all: "all"
    case .connections(let ids): ids.map(String.init).joined(separator: " ")
    case .filter(let filter): "those \(filter.summary)"
    }
  }
}

extension ConnectTarget {
  /// The target with its options, in words.
  var summary: String {
    var text = "\(remote)"
    if let local { text += " from \(local)" }
    if let proxy { text += " through \(proxy)" }
    if let services { text += " as services 0x\(String(services.rawValue, radix: 16))" }
    if let userAgent { text += " as \(EscapedText.utf8(userAgent))" }
    if let relay { text += relay ? " with relay" : " without relay" }
    if isAnother { text += " though connected" }
    if isKept { text += " and keep it" }
    return text
  }
}

extension ConnectionFilter {
  /// The conditions in words.
  var summary: String {
    var words: [String] = []
    if let networks { words.append("of " + networks.map(\.description).joined(separator: ", ")) }
    if let ranges { words.append("in " + ranges.map(\.description).joined(separator: ", ")) }
    if let userAgents {
      words.append("called " + userAgents.map { EscapedText.utf8(Array($0.utf8)) }.joined(separator: ", "))
    }
    if let services { words.append("with services 0x\(String(services.rawValue, radix: 16))") }
    if let lackingServices {
      words.append("without services 0x\(String(lackingServices.rawValue, radix: 16))")
    }
    if let direction { words.append("\(direction)") }
    if let states {
      words.append(states.sorted { $0.rawValue < $1.rawValue }.map(\.description).joined(separator: " or "))
    }
    if let sample { words.append("\(sample) at random") }
    return words.isEmpty ? "of any kind" : words.joined(separator: ", ")
  }
}
