import Foundation
import Glibc
import TestSupport

/// What tshark's Bitcoin dissector reads in a packet capture.
struct Dissection {
  /// A field with its bytes as they are on the wire, in hexadecimal.
  struct Field: Equatable {
    let name: String
    let value: String
  }

  /// A message.
  struct Message {
    /// The port at our end of its connection.
    let port: UInt16
    let isSent: Bool
    /// When its last packet was captured, in ns since the Unix epoch.
    let time: UInt64
    var fields: [Field] = []
    /// Whether the dissector found fault with it.
    var isMalformed = false

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
  }

  /// Where tshark is; nil where it is not installed.
  static let program: String? = {
    let path = PipelineTests.path(of: "tshark")
    return access(path, X_OK) == 0 ? path : nil
  }()

  /// The messages, in the order in which they became complete.
  private(set) var messages: [Message] = []

  /// Reads a capture.
  init(of path: String, folder: String) throws {
    // With the port named to it the dissector takes any magic.
    let tshark = try Program(
      Self.program!,
      [
        "-r", path, "-d", "tcp.port==\(PacketCapture.peerPort),bitcoin", "-Y", "bitcoin", "-T", "pdml", "-J",
        "frame tcp bitcoin",
      ],
      folder: folder,
      environment: ["HOME": folder, "TZ": "UTC"]
    )
    guard try tshark.wait(timeout: 120) == 0 else { throw Program.Failure(description: tshark.errors) }
    read(tshark.lines)
  }

  /// PDML has an element a line; a `proto` named "bitcoin" for each message, after those of its packet.
  private mutating func read(_ lines: [String]) {
    var packet: [String: String] = [:]
    var isMessage = false
    for line in lines {
      guard let name = Self.attribute("name", of: line) else { continue }
      if line.contains("<proto ") {
        isMessage = name == "bitcoin"
        if name == "frame" { packet = [:] }
        if name == "_ws.malformed", !messages.isEmpty { messages[messages.count - 1].isMalformed = true }
        guard isMessage, let source = packet["tcp.srcport"], let target = packet["tcp.dstport"] else {
          continue
        }
        let isSent = target == "\(PacketCapture.peerPort)"
        let port = UInt16(isSent ? source : target) ?? 0
        let time = Self.time(packet["frame.time_epoch"] ?? "")
        messages.append(Message(port: port, isSent: isSent, time: time))
      } else if isMessage {
        guard let value = Self.attribute("value", of: line), !messages.isEmpty else { continue }
        messages[messages.count - 1].fields.append(Field(name: name, value: value))
      } else if let text = Self.attribute("show", of: line) {
        packet[name] = text
      }
    }
  }

  /// "1700000000.000000001" in ns.
  private static func time(_ text: String) -> UInt64 {
    let parts = text.split(separator: ".").map { UInt64($0) ?? 0 }
    return parts.count == 2 ? parts[0] * 1_000_000_000 + parts[1] : 0
  }

  private static func attribute(_ name: String, of line: String) -> String? {
    guard let start = line.range(of: " \(name)=\"") else { return nil }
    return line[start.upperBound...].firstIndex(of: "\"").map { String(line[start.upperBound..<$0]) }
  }
}
