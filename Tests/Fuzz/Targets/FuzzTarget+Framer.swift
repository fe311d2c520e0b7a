import BitcoinWire
import Bytes

extension FuzzTarget {
  /// Framing a stream whole and in pieces gives the same result, every status is within its bounds, and every
  /// message found encodes to the same bytes.
  static func framer(_ bytes: RawSpan) throws(Finding) {
    let framer = Network.mainnet.framer
    let whole = try statuses(of: bytes)
    var offset = 0
    for status in whole {
      let rest = bytes.extracting(offset...)
      switch status {
      case .message(let header, let total, let valid):
        try expectFramed(header, total: total, valid: valid, rest)
        offset += total
      case .needMore(let total):
        try expect(total > rest.byteCount, "\(total) bytes are more than the \(rest.byteCount) there are")
        try expect(
          total <= MessageHeader.size + framer.maximumLength,
          "nobody is asked for the \(total) bytes of a message that would be refused"
        )
      case .violation(let violation): try expectLine(violation.description, of: "a violation")
      }
      try expectGrowth(to: status, rest)
    }
    let pieces = try statusesInPieces(of: bytes)
    try expect(pieces == whole, "whole and in pieces are the same: \(whole), \(pieces)")
  }

  /// The messages in sequence, then the status after the last one.
  private static func statuses(of bytes: RawSpan) throws(Finding) -> [Framer.Status] {
    var result: [Framer.Status] = []
    var offset = 0
    while true {
      let status = Network.mainnet.framer.next(in: bytes.extracting(offset...))
      result.append(status)
      guard case .message(_, let total, _) = status else { return result }
      try expect(
        total >= MessageHeader.size && total <= bytes.byteCount - offset,
        "a message of \(total) bytes lies within the \(bytes.byteCount - offset) there are"
      )
      offset += total
    }
  }

  /// The same for a reader that gets its bytes in pieces; the first byte of each piece gives its length.
  private static func statusesInPieces(of bytes: RawSpan) throws(Finding) -> [Framer.Status] {
    var result: [Framer.Status] = []
    var start = 0
    var end = 0
    while end < bytes.byteCount {
      end = min(end + 1 + Int(bytes.unsafeLoad(fromByteOffset: end, as: UInt8.self)), bytes.byteCount)
      reading: while true {
        let status = Network.mainnet.framer.next(in: bytes.extracting(start..<end))
        switch status {
        case .message(_, let total, _):
          result.append(status)
          start += total
        case .needMore:
          break reading
        case .violation:
          // The violation has only the bytes received so far; a second call has all of them.
          result.append(Network.mainnet.framer.next(in: bytes.extracting(start...)))
          return result
        }
      }
    }
    result.append(Network.mainnet.framer.next(in: bytes.extracting(start...)))
    return result
  }

  /// Every prefix of `bytes` gives the same status, or requests more bytes: enough, but never more than
  /// needed.
  private static func expectGrowth(to final: Framer.Status, _ bytes: RawSpan) throws(Finding) {
    let needed: Int
    switch final {
    case .needMore: needed = bytes.byteCount
    case .message(_, let total, _): needed = total - 1
    case .violation(.wrongMagic(let found, let expected)):
      needed = (0..<found.count).first { found[$0] != UInt8(truncatingIfNeeded: expected >> (8 * $0)) } ?? 0
    case .violation(.oversized): needed = MessageHeader.size - 1
    }
    for count in [0, 1, 2, 3, 4, 23, 24, 25, needed / 2, needed - 1, needed, needed + 1]
    where (0...bytes.byteCount).contains(count) {
      let status = Network.mainnet.framer.next(in: bytes.extracting(first: count))
      guard count <= needed else {
        if case .violation(.wrongMagic(let found, _)) = status, count < 4 {
          try expect(found.count == count, "a violation tells the bytes there are")
        } else {
          try expect(status == final, "\(final) stays what it is: after \(count) bytes \(status)")
        }
        continue
      }
      guard case .needMore(let total) = status else {
        throw Finding("more than \(count) bytes are needed for \(final), not \(status)")
      }
      let whole = count < MessageHeader.size ? MessageHeader.size : max(needed + 1, MessageHeader.size)
      if case .needMore(let last) = final, count >= MessageHeader.size {
        try expect(total == last, "\(total) of \(last) bytes are asked for")
      } else {
        try expect(
          total > count && total <= whole,
          "\(total) bytes are asked for after \(count), of \(whole)"
        )
      }
    }
  }

  /// The parts of a message agree with its bytes.
  private static func expectFramed(
    _ header: MessageHeader,
    total: Int,
    valid: Bool,
    _ bytes: RawSpan
  ) throws(Finding) {
    var written: [UInt8] = []
    header.append(to: &written)
    try expect(written == Array(bytes.extracting(first: MessageHeader.size)), "a header is written as it was")
    try expect(header.totalLength == total, "\(header) has \(total) bytes")
    try expectLine(header.command.description, of: "a command")
    let payload = Array(bytes.extracting(MessageHeader.size..<total))
    let framed = Network.mainnet.frame(header.command, payload: payload)
    try expect(
      (framed == Array(bytes.extracting(first: total))) == valid,
      "a message is framed as it was if its checksum is right: \(header), \(valid)"
    )
  }
}
