import BitcoinWire
import Bytes
import ControlProtocol

extension ControlRequest {
  /// The request with its arguments, in a line for the stream.
  var summary: String {
    switch self {
    case .hello(let versions, let client):
      "hello \(EscapedText.utf8(Array(client.utf8))) versions \(versions)"
    case .registerMessage(let message): "register \(Self.text(message))"
    case .listMessages: "list messages"
    case .forgetMessage(let identifier): "forget message \(identifier)"
    case .connect(let targets):
      "connect "
        + targets.map { target in
          target.local.map { "\(target.remote) from \($0)" } ?? "\(target.remote)"
        }.joined(separator: " ")
    case .disconnect(let target): "disconnect \(target.summary)"
    case .send(let request):
      switch request.content {
      case .registered(let identifier): "send message \(identifier) to \(request.target.summary)"
      case .message(let message): "send \(Self.text(message)) to \(request.target.summary)"
      }
    case .listConnections(let after, let limit): "list connections after \(after) limit \(limit)"
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
    }
  }
}
