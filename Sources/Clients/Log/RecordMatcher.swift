import BitcoinWire
import Bytes
import Glibc
import LogFiles
import LogProtocol
import LogText

/// Looks for bytes, hashes and texts in records.
struct RecordMatcher {
  /// What a line has to match; nil for anything.
  var pattern: Regex<AnyRegexOutput>?
  /// Bytes that the body has to have somewhere; none for anything.
  var bytes: [UInt8] = []
  /// A hash that the body has to name, or the hash of what it carries; nil for anything.
  var hash: Hash256?

  /// Whether a record's body has the bytes and the hash.
  func matches(_ record: LogRecord) -> Bool {
    if !bytes.isEmpty, !Self.contains(record.body, bytes) { return false }
    guard let hash else { return true }
    return Self.contains(record.body, hash.bytes.array) || Self.carries(hash, record)
  }

  /// Whether a line matches.
  func matches(_ line: String) -> Bool {
    guard let pattern else { return true }
    return (try? pattern.firstMatch(in: line)) != nil
  }

  private static func contains(_ bytes: UnsafeRawBufferPointer, _ part: [UInt8]) -> Bool {
    var rest = bytes
    while rest.count >= part.count, let base = rest.baseAddress {
      let possible = rest.count - part.count + 1
      guard let found = memchr(base, Int32(part[0]), possible) else { return false }
      let start = UnsafeRawPointer(found) - base
      if memcmp(found, part, part.count) == 0 { return true }
      rest = UnsafeRawBufferPointer(rebasing: rest[(start + 1)...])
    }
    return false
  }

  /// Whether a message carries the transaction or block of that hash, or such a transaction in a block.
  private static func carries(_ hash: Hash256, _ record: LogRecord) -> Bool {
    guard record.header.type == .message, let header = MessageHeader(peeking: record.body.bytes) else {
      return false
    }
    var found = false
    Announcement.forEach(in: record.body) { announcement in
      if announcement.hash == hash || announcement.otherHash == hash { found = true }
    }
    guard !found, header.command == .block else { return found }
    let payload = UnsafeRawBufferPointer(rebasing: record.body.dropFirst(MessageHeader.size))
    guard var block = try? BlockCursor(payload.bytes) else { return false }
    do throws(WireError) {
      while let transaction = try block.next() {
        if transaction.txid == hash || transaction.wtxid == hash { return true }
      }
    } catch {
      return false
    }
    return false
  }
}
