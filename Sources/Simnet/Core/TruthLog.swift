import BitcoinWire
import Bytes
import EventLoop
import Glibc
import JSON
import Observations

/// The true events of the network as JSON lines, to compare with an observer's records.
///
/// Every line has `time`, in ns since the Unix epoch, and `event`; `docs/simnet.md` lists the events. Hashes
/// are written as explorers show them, last byte first.
final class TruthLog {
  private let descriptor: Int32
  private let path: String
  private var buffer: [UInt8] = []
  private var failure: IOError?

  /// Bytes buffered before a write.
  private static let bufferLimit = 64 << 10

  /// Creates or truncates the file.
  init(path: String) throws(IOError) {
    self.path = path
    descriptor = try FileOutput.create(path)
  }

  deinit { Glibc.close(descriptor) }

  func node(_ node: SimulatedNode, _ neighbour: Neighbour?, at time: UInt64) {
    var json = JSONWriter()
    json.member("time", time)
    json.member("event", "node")
    json.member("node", node.index)
    json.member("endpoint", node.endpoint.description)
    json.member("known_as", node.knownAs.description)
    json.member("network", node.network.description)
    json.member("country", node.country)
    json.member("user_agent", node.profile.userAgent)
    json.member("version", node.profile.version)
    json.member("services", node.profile.services.rawValue)
    json.member("height_lag", node.heightLag)
    if let neighbour { json.member("neighbour", neighbour.rawValue) }
    line(json.finish())
  }

  func opened(session: UInt64, of node: Int, with peer: Endpoint, _ direction: Conversation.Direction) {
    let role = direction == .inbound ? "inbound" : "outbound"
    let fields = "\"node\":\(node),\"session\":\(session),\"peer\":\"\(peer)\",\"direction\":\"\(role)\""
    line(Clock.now(), "open", fields)
  }

  func closed(session: UInt64, of node: Int, for reason: String) {
    let reason = reason.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    line(Clock.now(), "close", "\"node\":\(node),\"session\":\(session),\"reason\":\"\(reason)\"")
  }

  func invented(_ item: Ledger.Item, origin: Int, time: UInt64, _ ledger: Ledger) {
    switch item {
    case .transaction(let number):
      guard let entry = ledger.entry(number) else { return }
      let fields = "\"hash\":\"\(entry.txid)\",\"wtxid\":\"\(entry.wtxid)\",\"origin\":\(origin)"
      line(time, "tx", fields)
    case .block(let height):
      let fields = "\"hash\":\"\(ledger.hashes[height])\",\"height\":\(height),\"origin\":\(origin)"
      line(time, "block", fields)
    }
  }

  func announced(
    _ kind: Conversation.Announcement.Kind,
    _ hash: Hash256,
    to session: Session,
    at time: UInt64
  ) {
    let fields = "\"node\":\(session.node.index),\"session\":\(session.number)"
    line(time, "announce", "\(fields),\"kind\":\"\(kind.rawValue)\",\"hash\":\"\(hash)\"")
  }

  /// Writes the buffered lines.
  ///
  /// - Throws: the last error since the last call.
  func flush() throws(IOError) {
    write()
    if let failure {
      self.failure = nil
      throw failure
    }
  }

  private func line(_ time: UInt64, _ event: StaticString, _ fields: String) {
    line(Array("{\"time\":\(time),\"event\":\"\(event)\",\(fields)}".utf8))
  }

  /// Writes a line. Appends the line feed.
  func line(_ bytes: [UInt8]) {
    buffer += bytes
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= Self.bufferLimit { write() }
  }

  private func write() {
    defer { buffer.removeAll(keepingCapacity: true) }
    let written = buffer.withUnsafeBytes { bytes in
      Result { () throws(IOError) in try FileOutput.write(bytes, to: descriptor, path: path) }
    }
    if case .failure(let error) = written { failure = error }
  }
}
