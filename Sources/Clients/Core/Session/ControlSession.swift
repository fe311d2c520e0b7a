import Access
import BitcoinWire
import Configuration
import ControlProtocol
import EventLoop

/// A conversation with a connector in which each step waits for its answer: what a command line needs.
///
/// Events are still delivered while it waits.
final class ControlSession {
  /// Whom it talks to.
  private(set) var hello: ServerHello

  private let loop: EventLoop
  private let client: ControlClient
  private var failure: ControlClientError?

  /// Connects and says hello.
  ///
  /// - Parameter timeout: seconds that each of the two may take.
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

  /// Ends the conversation.
  func close() { client.close() }

  /// Sends a request and waits for its reply.
  ///
  /// - Parameter events: told what comes of it later, while the session waits for anything.
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

  /// Sends a request and goes on without its reply. That the connector says no is passed over; where there is no connector any
  /// more, the next wait tells.
  func post(_ request: ControlRequest) {
    client.send(request) { [weak self] in
      if case .failure(let error) = $0, error.isUnreachable { self?.failure = self?.failure ?? error }
    }
  }

  /// Delivers events until the condition holds; false where it did not within `timeout` seconds.
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

  /// Waits until the connector closes the connection; false where it did not within `timeout` seconds.
  func waitForEnd(timeout: Double) -> Bool {
    var isLate = false
    let timer = TimerWatcher(on: loop) { isLate = true }
    timer.start(after: timeout)
    while failure == nil, !isLate { loop.runOnce() }
    return failure != nil
  }

  /// Says that a reply is not the one its request has.
  func unexpected(_ request: String) -> ClientFailure {
    ClientFailure(.someFailed, "The connector answered \(request) with something else.")
  }
}
