import BitcoinWire
import Bytes
import Foundation
import Glibc
import TestSupport

/// The output of tshark's Bitcoin dissector for a packet capture.
struct Dissection {
  /// A field with its bytes on the wire, in hexadecimal.
  struct Field: Equatable {
    let name: String
    let value: String
  }

  /// A message.
  struct Message {
    /// Address and port of the sender and of the receiver, in the form of `CapturedStream`.
    let flow: [UInt8]
    /// Capture time of the message's last packet, in ns since the Unix epoch.
    let time: UInt64
    var fields: [Field] = []
    /// Whether the dissector marks the message as malformed.
    var isMalformed = false

    /// The header, made of its fields.
    var header: String {
      ["magic", "command", "length", "checksum"].map { self["bitcoin." + $0] ?? "" }.joined()
    }

    /// The fields to compare with ours, in order.
    var compared: [Field] {
      fields.filter { BitcoinWire.Message.dissectedNames.contains($0.name) && !$0.value.isEmpty }
    }

    private subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
  }

  /// The path of tshark; nil if it is not installed.
  static let program: String? = {
    let path = PipelineTests.path(of: "tshark")
    return access(path, X_OK) == 0 ? path : nil
  }()

  /// The messages, in the order in which they became complete.
  private(set) var messages: [Message] = []

  /// Reads a capture with any ports.
  init(of path: String, folder: String) throws {
    // If the ports are given on the command line, the dissector accepts any magic.
    let tshark = try Program(
      Self.program!,
      [
        "-r", path, "-d", "tcp.port==0-65535,bitcoin", "-o", "tcp.reassemble_out_of_order:TRUE", "-Y",
        "bitcoin", "-T", "pdml", "-J", "frame ip ipv6 tcp bitcoin",
      ],
      folder: folder,
      environment: ["HOME": folder, "TZ": "UTC"]
    )
    guard try tshark.wait(timeout: 120) == 0 else { throw Program.Failure(description: tshark.errors) }
    var output = tshark.output
    output.withUTF8 { read(UnsafeRawBufferPointer($0)) }
  }

  /// PDML has one element per line. Each message is a `proto` element named "bitcoin", after the elements of
  /// its packet.
  private mutating func read(_ text: UnsafeRawBufferPointer) {
    var packet: [String: String] = [:]
    var isMessage = false
    var rest = text[...]
    while let line = Line(from: &rest) {
      guard let name = line.attribute("name") else { continue }
      if line.isProtocol {
        isMessage = name == "bitcoin"
        if name == "frame" { packet = [:] }
        if name == "_ws.malformed", !messages.isEmpty { messages[messages.count - 1].isMalformed = true }
        guard isMessage else { continue }
        let flow = Self.flowFields.compactMap { packet[$0] }.joined()
        let time = Self.time(packet[Self.timeField] ?? "")
        messages.append(Message(flow: Hexadecimal.bytes(flow) ?? [], time: time))
      } else if isMessage {
        guard let value = line.attribute("value"), !messages.isEmpty else { continue }
        messages[messages.count - 1].fields.append(Field(name: name, value: value))
      } else if name == Self.timeField {
        packet[name] = line.attribute("show")
      } else if Self.flowFields.contains(name) {
        packet[name] = line.attribute("value")
      }
    }
  }

  /// The field with a packet's capture time.
  private static let timeField = "frame.time_epoch"

  /// The fields with a packet's addresses and ports.
  private static let flowFields = ["ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport", "tcp.dstport"]

  /// Converts "1700000000.000000001" to ns.
  private static func time(_ text: String) -> UInt64 {
    let parts = text.split(separator: ".").map { UInt64($0) ?? 0 }
    return parts.count == 2 ? parts[0] * 1_000_000_000 + parts[1] : 0
  }

  /// A line of the output, without a copy: the output may have 100 MB.
  private struct Line {
    let bytes: UnsafeRawBufferPointer

    /// Removes the next line from a text; nil if there is none.
    init?(from text: inout Slice<UnsafeRawBufferPointer>) {
      let all = UnsafeRawBufferPointer(rebasing: text)
      guard let start = all.baseAddress, let end = memchr(start, 10, all.count) else { return nil }
      let count = UnsafeRawPointer(end) - start
      bytes = UnsafeRawBufferPointer(start: start, count: count)
      text = text.dropFirst(count + 1)
    }

    /// Whether a protocol starts here, and not a field.
    var isProtocol: Bool { bytes.drop { $0 == UInt8(ascii: " ") }.starts(with: "<proto ".utf8) }

    /// The value of an attribute; nil if there is none of this name.
    func attribute(_ name: String) -> String? {
      let label = " \(name)="
      var start = 0
      // Quoted text contains no quotation mark.
      while let open = quote(from: start), let close = quote(from: open + 1) {
        let length = label.utf8.count
        if open >= length, memcmp(bytes.baseAddress! + (open - length), label, length) == 0 {
          return String(decoding: bytes[(open + 1)..<close], as: UTF8.self)
        }
        start = close + 1
      }
      return nil
    }

    private func quote(from start: Int) -> Int? {
      memchr(bytes.baseAddress! + start, 0x22, bytes.count - start).map {
        UnsafeRawPointer($0) - bytes.baseAddress!
      }
    }
  }
}
