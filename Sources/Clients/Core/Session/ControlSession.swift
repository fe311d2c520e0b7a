import Access
import BitcoinWire
import Configuration
import ControlProtocol
import EventLoop

/// A session with a connector in which each request blocks until its reply, as a command line needs.
///
/// Events are still delivered while it blocks.
final class ControlSession {
  /// The connector's hello.
  private(set) var hello: ServerHello

  private let loop: EventLoop
  private let client: ControlClient
  private var failure: ControlClientError?

  /// Connects, and exchanges hellos.
  ///
  /// - Parameter timeout: seconds allowed for connecting, and again for the hello.
  init(
    to address: SocketAddress,
    key: AccessKey? = nil,
    on loop: EventLoop,
    timeout: Double = 5
  ) throws(ClientFailure) {
    var outcome: Result<ServerHello, ControlClientError>?
    let client = ControlClient(
      to: address,
      key: key,
      name: "netmine \(Netmine.version)",
      timeout: timeout,
      on: loop
    ) { outcome = $0 }
    while outcome == nil { loop.runOnce() }
    switch outcome! {
    case .failure(let error):
      client.close()
      throw ClientFailure(error)
    case .success(let hello): self.hello = hello
    }
    self.loop = loop
    self.client = client
    client.lost = { [unowned self] in failure = $0 }
  }

  /// Closes the session.
  func close() { client.close() }

  /// Sends a request and waits for its reply.
  ///
  /// - Parameter events: receives later events of this request, whenever the session waits for anything.
  func request(
    _ request: ControlRequest,
    timeout: Double = 30,
    events: ((ControlEvent) -> Void)? = nil
  ) throws(ClientFailure) -> ControlReply {
    var outcome: Result<ControlReply, ControlClientError>?
    client.send(request, timeout: timeout, events: events) { outcome = $0 }
    while outcome == nil { loop.runOnce() }
    switch outcome! {
    case .success(let reply): return reply
    case .failure(let error): throw ClientFailure(error)
    }
  }

  /// Sends a request without waiting for its reply. Ignores a refusal. If the connector is gone, the next
  /// wait throws.
  func post(_ request: ControlRequest) {
    client.send(request) { [weak self] in
      if case .failure(let error) = $0, error.isUnreachable { self?.failure = self?.failure ?? error }
    }
  }

  /// Delivers events until the condition holds; returns false if it does not within `timeout` seconds.
  func wait(timeout: Double, until condition: () -> Bool) throws(ClientFailure) -> Bool {
    var isLate = false
    let timer = TimerWatcher(on: loop) { isLate = true }
    timer.start(after: timeout)
    defer { timer.cancel() }
    while !condition() {
      if let failure { throw ClientFailure(failure) }
      if isLate { return false }
      loop.runOnce()
    }
    return true
  }

  /// Waits until the connector closes the connection; returns false if it does not within `timeout` seconds.
  func waitForEnd(timeout: Double) -> Bool {
    var isLate = false
    let timer = TimerWatcher(on: loop) { isLate = true }
    timer.start(after: timeout)
    while failure == nil, !isLate { loop.runOnce() }
    return failure != nil
  }

  /// The failure for a reply that does not fit its request.
  func unexpected(_ request: String) -> ClientFailure {
    ClientFailure(.someFailed, "The connector sent an unexpected reply to \(request).")
  }
}
