import Bytes
import JSON

/// `headers`: tells at most 2000 block headers, each followed by a CompactSize count of transactions
/// that is 0. As Bitcoin Core does, another count is read and ignored.
public struct HeadersMessage: MessagePayload {
  /// The most headers in one message (`MAX_HEADERS_RESULTS`).
  public static let maximumCount = 2000

  /// The headers, in the sender's order.
  public var headers: [BlockHeader]

  /// Creates a message of these headers.
  public init(headers: [BlockHeader]) { self.headers = headers }

  /// Reads the headers.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    let count = try reader.count("header count", maximum: Self.maximumCount, size: BlockHeader.size + 1)
    headers = []
    headers.reserveCapacity(count)
    for _ in 0..<count {
      headers.append(try BlockHeader(from: &reader))
      _ = try reader.compactSize("transaction count")
    }
  }

  /// Appends the headers.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendCompactSize(headers.count)
    for header in headers {
      header.append(to: &bytes)
      bytes.append(0)
    }
  }

  /// Writes the headers.
  public func write(to json: inout JSONWriter) { json.objects("headers", headers) { $1.write(to: &$0) } }
}
