import ControlProtocol
import EventLoop

/// Messages on their way to the connections that a client named.
///
/// They go to as many at a time as the log server keeps up with: each sending is a record, and a block to ten thousand
/// peers is more of them than are kept. Messages to the same connections that a client asks for at once go together:
/// each peer is looked for, and written to, once for all of them.
struct SendJob {
  /// Most bytes of messages that go together: each peer is sent them all before it is asked again whether there is room
  /// for more records.
  private static let byteLimit = 64 << 10

  /// Who was named.
  let target: ControlTarget

  /// Who that is, and the ids that were named and cannot be sent to.
  let recipients: (found: [PeerConnection], missing: [UInt32])

  private var bytes: [UInt8] = []
  private var messages: [Range<Int>] = []
  private var requests: [UInt32?] = []
  private let limits: PeerLimits
  private var shared: SharedMessages?
  private var next = 0
  private var sentCount: UInt32 = 0

  /// Prepares to send to connections; no message yet.
  init(
    to target: ControlTarget,
    _ recipients: (found: [PeerConnection], missing: [UInt32]),
    limits: PeerLimits
  ) {
    self.target = target
    self.recipients = recipients
    self.limits = limits
  }

  /// Whether a message may go with those that are there.
  func takes(byteCount: Int, to target: ControlTarget) -> Bool {
    // What is drawn at random is drawn anew for each message.
    if case .filter(let filter) = target, filter.sample != nil { return false }
    return target == self.target && bytes.count + byteCount <= Self.byteLimit
  }

  /// Adds a message.
  ///
  /// - Parameter request: the request that is told what came of it; nil for one of version 0, which has no events.
  mutating func add(_ message: [UInt8], request: UInt32?) {
    messages.append(bytes.count..<bytes.count + message.count)
    bytes += message
    requests.append(request)
  }

  /// Bytes of the messages.
  var byteCount: Int { shared?.slice.range.count ?? bytes.count }

  /// Whether everything has gone to everyone.
  var isDone: Bool { next == recipients.found.count }

  /// The requests that are told, and of each message: how many it was queued for, and how many were closed instead,
  /// because they do not read, or were gone.
  var outcomes: [(request: UInt32, event: ControlEvent)] {
    requests.compactMap { request in
      request.map { ($0, .sent(count: sentCount, lost: UInt32(next) - sentCount)) }
    }
  }

  /// Sends on, while `hasRoom` says so.
  mutating func run(while hasRoom: () -> Bool) {
    let shared = shared ?? share()
    while next < recipients.found.count, hasRoom() {
      if recipients.found[next].send(shared.slice, messages: messages) { sentCount += 1 }
      next += 1
    }
  }

  /// Puts the messages where all that are sent them can refer to them.
  private mutating func share() -> SharedMessages {
    let shared = SharedMessages(bytes, limits)
    self.shared = shared
    bytes = []
    return shared
  }

  /// Keeps the messages for itself no longer.
  mutating func letGo() { shared = nil }
}
