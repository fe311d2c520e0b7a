import Bytes
import JSON

/// `headers`: tells at most 2000 block headers, each followed by a CompactSize count of transactions
/// that is 0. As Bitcoin Core does, another count is accepted and means nothing.
public struct HeadersMessage: MessagePayload {
  /// The most headers in one message (`MAX_HEADERS_RESULTS`).
  public static let maximumCount = 2000

  /// The headers, in the sender's order.
  public var headers: [BlockHeader]

  /// How many transactions are said to follow each header; empty where that is 0 for all.
  public var transactionCounts: [UInt64]

  /// Creates a message of these headers; a header without a count has 0.
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

  /// Writes the headers, and the counts where one is not 0.
  public func write(to json: inout JSONWriter, in dialect: Dialect) {
    json.objects("headers", headers) { $1.write(to: &$0) }
    if !transactionCounts.isEmpty { json.member("transaction_counts", transactionCounts) }
  }

  /// Takes the headers, and the counts where they are there.
  public init(fields: inout FieldReader) throws(FieldError) {
    self.init(
      headers: try fields.list("headers") { (header: inout FieldReader) throws(FieldError) in
        try BlockHeader(fields: &header)
      },
      transactionCounts: try fields.integers("transaction_counts")
    )
  }

  /// How many headers there are, and the last block.
  public func summary(in dialect: Dialect) -> String {
    "\(headers.count)" + (headers.last.map { " to \($0.hash)" } ?? "")
  }

  /// What a person may write of it.
  public static let fields: [MessageField] = [
    .optional("headers", " (in JSON)"), .optional("transaction_counts"),
  ]

  /// For tests and fuzzing.
  public static let samples = [HeadersMessage(headers: [.sample]), HeadersMessage(headers: [])]
}

extension Command {
  /// Tells block headers.
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
