import ControlProtocol
import EventLoop

/// A send of messages to the connections of a client's target.
///
/// It proceeds as fast as the log server keeps up: each message to each peer is a record, and a block to ten
/// thousand peers is more than the log buffer holds. Messages that a client sends in a row to the same
/// connections are combined, so that each peer is looked up and written to once.
struct SendJob {
  /// Bytes of messages that are combined. Each peer gets them all before room for records is checked again.
  private static let byteLimit = 64 << 10

  /// The client's target.
  let target: ControlTarget

  /// The target's connections, and the ids it names that cannot be sent to.
  let recipients: (found: [PeerConnection], missing: [UInt32])

  private var bytes: [UInt8] = []
  private var messages: [Range<Int>] = []
  private var requests: [UInt32?] = []
  private let limits: PeerLimits
  private var shared: SharedMessages?
  private var next = 0
  private var sentCount: UInt32 = 0

  /// Creates a send without messages.
  init(
    to target: ControlTarget,
    _ recipients: (found: [PeerConnection], missing: [UInt32]),
    limits: PeerLimits
  ) {
    self.target = target
    self.recipients = recipients
    self.limits = limits
  }

  /// Whether a message may be combined with the present ones.
  func takes(byteCount: Int, to target: ControlTarget) -> Bool {
    // A random sample is drawn anew for each message.
    if case .filter(let filter) = target, filter.sample != nil { return false }
    return target == self.target && bytes.count + byteCount <= Self.byteLimit
  }

  /// Adds a message.
  ///
  /// - Parameter request: the request to report to; nil for version 0, which has no events.
  mutating func add(_ message: [UInt8], request: UInt32?) {
    messages.append(bytes.count..<bytes.count + message.count)
    bytes += message
    requests.append(request)
  }

  /// Bytes of the combined messages.
  var byteCount: Int { shared?.slice.range.count ?? bytes.count }

  /// Whether all recipients have been handled.
  var isDone: Bool { next == recipients.found.count }

  /// The requests to report to, each with the number of peers that its message was queued for, and the number
  /// lost: closed because they do not read, or gone.
  var outcomes: [(request: UInt32, event: ControlEvent)] {
    requests.compactMap { request in
      request.map { ($0, .sent(count: sentCount, lost: UInt32(next) - sentCount)) }
    }
  }

  /// Sends to further recipients while `hasRoom` returns true.
  mutating func run(while hasRoom: () -> Bool) {
    let shared = shared ?? share()
    while next < recipients.found.count, hasRoom() {
      if recipients.found[next].send(shared.slice, messages: messages) { sentCount += 1 }
      next += 1
    }
  }

  /// Moves the messages into a buffer that all recipients' streams share.
  private mutating func share() -> SharedMessages {
    let shared = SharedMessages(bytes, limits)
    self.shared = shared
    bytes = []
    return shared
  }

  /// Releases the messages. From now on only the recipients' streams hold them.
  mutating func letGo() { shared = nil }
}
