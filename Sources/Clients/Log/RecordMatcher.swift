import BitcoinWire
import Bytes
import Glibc
import LogFiles
import LogProtocol
import LogText

/// Matches records by bytes, hashes and text.
struct RecordMatcher {
  /// The pattern that a line must match; nil for any line.
  var pattern: Regex<AnyRegexOutput>?
  /// Bytes that the body must contain; empty for any body.
  var bytes: [UInt8] = []
  /// A hash that the body must contain, or the hash of its transaction or block; nil for any body.
  var hash: Hash256?

  /// Whether a record's body matches `bytes` and `hash`.
  func matches(_ record: StreamRecord) -> Bool {
    if !bytes.isEmpty, !Self.contains(record.body, bytes) { return false }
    guard let hash else { return true }
    return Self.contains(record.body, hash.bytes.array) || Self.carries(hash, record)
  }

  /// Whether a line matches `pattern`.
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

  /// Whether a message carries or announces the transaction or block with this hash, or has the transaction
  /// in its block.
  private static func carries(_ hash: Hash256, _ record: StreamRecord) -> Bool {
    guard case .message(let header?) = record.content else { return false }
    var found = false
    Announcement.forEach(in: record) { announcement in
      if announcement.hash == hash || announcement.otherHash == hash { found = true }
    }
    guard !found, header.command == .block else { return found }
    guard var block = try? BlockCursor(record.payload.bytes) else { return false }
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
