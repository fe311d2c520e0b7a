import BitcoinWire
import EventLoop
import Glibc

/// One connection to a proxy, until it is joined to a node.
///
/// It peeks at the client's bytes and reads only those addressed to the proxy, so that the node can read the
/// rest from the same socket.
final class ProxyClient {
  private enum Dialogue {
    case socks(SOCKSServerDialogue)
    case sam(SAMServerDialogue)
  }

  private unowned let frontEnd: ProxyFrontEnd
  private let descriptor: Int32
  private let peer: SocketAddress
  private var dialogue: Dialogue
  private var watcher: DescriptorWatcher?
  private var timer: TimerWatcher?
  private var attempt: ConnectAttempt?
  private var isOver = false

  /// Takes ownership of a connected descriptor.
  init(_ descriptor: Int32, from peer: SocketAddress, _ kind: ProxyFrontEnd.Kind, frontEnd: ProxyFrontEnd) {
    self.descriptor = descriptor
    self.peer = peer
    self.frontEnd = frontEnd
    dialogue = kind == .socks ? .socks(SOCKSServerDialogue()) : .sam(SAMServerDialogue())
    watcher = DescriptorWatcher(descriptor, on: frontEnd.simnet.loop) { [unowned self] _ in look() }
    watcher?.watch(for: .readable)
  }

  /// The SAM session that the connection keeps alive; nil if there is none.
  var session: String? {
    if case .sam(let dialogue) = dialogue { dialogue.session } else { nil }
  }

  /// Closes the connection. Does nothing the second time.
  func close() {
    guard !isOver else { return }
    leave()
    Glibc.close(descriptor)
  }

  private func look() {
    while !isOver, timer == nil, attempt == nil {
      let bytes = [UInt8](unsafeUninitializedCapacity: SAMServerDialogue.maximumLine) { space, count in
        count = max(0, recv(descriptor, space.baseAddress, space.count, Int32(MSG_PEEK)))
        if count == 0, errno == EAGAIN { count = 0 }
      }
      guard !bytes.isEmpty else { return endUnlessWaiting() }
      let (consumed, steps) = take(bytes)
      guard consumed > 0 else { return wait(beyond: bytes.count) }
      wait(beyond: 0)
      var taken = bytes
      _ = recv(descriptor, &taken, consumed, 0)
      perform(steps)
    }
  }

  /// Closes if the client has closed or its connection broke.
  private func endUnlessWaiting() {
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK))
    if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { close() }
  }

  /// Reports the socket readable only when it has more than `count` bytes: otherwise the same bytes would be
  /// reported again and again.
  private func wait(beyond count: Int) {
    var mark = Int32(count + 1)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVLOWAT, &mark, socklen_t(MemoryLayout<Int32>.size))
  }

  private func take(_ bytes: [UInt8]) -> (Int, [ProxyStep]) {
    switch dialogue {
    case .socks(var socks):
      defer { dialogue = .socks(socks) }
      return socks.take(bytes)
    case .sam(var sam):
      defer { dialogue = .sam(sam) }
      return sam.take(bytes, &frontEnd.sessions)
    }
  }

  private func finish(_ outcome: ProxyOutcome) -> [ProxyStep] {
    switch dialogue {
    case .socks(var socks):
      defer { dialogue = .socks(socks) }
      return socks.finish(outcome)
    case .sam(var sam):
      defer { dialogue = .sam(sam) }
      return sam.finish(outcome)
    }
  }

  private func perform(_ steps: [ProxyStep]) {
    for step in steps where !isOver {
      switch step {
      case .reply(let bytes):
        // Replies are short, and nothing sent before could fill the socket.
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      case .connect(let target): connect(to: target)
      case .close: close()
      }
    }
  }

  private func connect(to target: ProxyTarget) {
    if let listener = frontEnd.listener(for: target) { return connect(to: listener) }
    guard let (outcome, node, endpoint) = frontEnd.resolve(target) else { return perform(finish(.unknown)) }
    switch outcome {
    case .joined:
      perform(finish(.joined))
      leave()
      frontEnd.join(descriptor, to: node, as: endpoint, from: peer, isolationKey)
    case .timedOut:
      watcher?.watch(for: [])
      timer = TimerWatcher(on: frontEnd.simnet.loop) { [unowned self] in perform(finish(.timedOut)) }
      timer?.start(after: frontEnd.timeout)
    case .refused, .unknown: perform(finish(outcome))
    }
  }

  private func connect(to listener: OutsideListener) {
    watcher?.watch(for: [])
    attempt = ConnectAttempt(
      to: listener.address,
      timeout: frontEnd.timeout,
      loop: frontEnd.simnet.loop
    ) { [unowned self] result in
      switch result {
      case .success(let other):
        perform(finish(.joined))
        leave()
        frontEnd.join(descriptor, with: other, isolationKey)
      case .failure(let error): perform(finish(error.code == ETIMEDOUT ? .timedOut : .refused))
      }
    }
  }

  private var isolationKey: String {
    switch dialogue {
    case .socks(let socks): EscapedText.ascii(socks.isolationKey ?? [])
    case .sam(let sam): sam.isolationKey ?? ""
    }
  }

  private func leave() {
    isOver = true
    watcher?.cancel()
    timer?.cancel()
    attempt?.cancel()
    frontEnd.forget(self)
  }
}
