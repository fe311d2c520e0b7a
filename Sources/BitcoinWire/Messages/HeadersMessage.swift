import Bytes
import JSON

/// `headers`: carries at most 2000 block headers, each followed by a CompactSize transaction count of 0. As
/// in Bitcoin Core, another count is accepted and has no meaning.
public struct HeadersMessage: MessagePayload {
  /// The most headers in one message (`MAX_HEADERS_RESULTS`).
  public static let maximumCount = 2000

  /// The headers, in the sender's order.
  public var headers: [BlockHeader]

  /// The transaction count after each header, as claimed; empty if all are 0.
  public var transactionCounts: [UInt64]

  /// Creates a message with these headers; a header without a count has 0.
  public init(headers: [BlockHeader], transactionCounts: [UInt64] = []) {
    self.headers = headers
    self.transactionCounts = transactionCounts
  }

  /// Reads the headers.
  @_lifetime(reader: copy reader)
  public init(from reader: inout ByteReader) throws(WireError) {
    let count = try reader.count("header count", maximum: Self.maximumCount, size: BlockHeader.size + 1)
    headers = []
    headers.reserveCapacity(count)
    transactionCounts = []
    for index in 0..<count {
      headers.append(try BlockHeader(from: &reader))
      let transactions = try reader.compactSize("transaction count")
      guard transactions > 0 || !transactionCounts.isEmpty else { continue }
      if transactionCounts.isEmpty { transactionCounts = [UInt64](repeating: 0, count: count) }
      transactionCounts[index] = transactions
    }
  }

  /// Appends the headers.
  public func append(to bytes: inout [UInt8]) {
    bytes.appendCompactSize(headers.count)
    for (index, header) in headers.enumerated() {
      header.append(to: &bytes)
      bytes.appendCompactSize(index < transactionCounts.count ? transactionCounts[index] : 0)
    }
  }

  /// Writes the headers, and the counts if one is not 0.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.objects("headers", headers) { $1.write(to: &$0) }
    if !transactionCounts.isEmpty { json.member("transaction_counts", transactionCounts) }
  }

  /// Makes the message from its fields; `transaction_counts` may be omitted.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      headers: try fields.list("headers") { (header: inout FieldReader) throws(FieldError) in
        try BlockHeader(fields: &header)
      },
      transactionCounts: try fields.integers("transaction_counts")
    )
  }

  /// The number of headers, and the hash of the last one.
  public func summary(in dialect: Dialect) -> String {
    "\(headers.count)" + (headers.last.map { " to \($0.hash)" } ?? "")
  }

  /// The fields that a user may write.
  public static let fields: [MessageField] = [
    .optional("headers", " (in JSON)"), .optional("transaction_counts"),
  ]

  /// Messages for tests, and seeds for fuzzing.
  public static let samples = [HeadersMessage(headers: [.sample]), HeadersMessage(headers: [])]
}

extension Command {
  /// Carries block headers.
  public static let headers: Command = "headers"
}

extension MessageKind {
  /// `headers`.
  static let headers = MessageKind(
    .headers,
    Message.headers,
    since: 31800,
    limits: [("header count", HeadersMessage.maximumCount)]
  )
}
