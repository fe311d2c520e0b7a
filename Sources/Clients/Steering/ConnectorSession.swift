import Access
import BitcoinWire
import Commands
import Configuration
import ControlProtocol
import EventLoop
import Observations

/// A session with a connector in which each request blocks until its reply, as a command line needs.
///
/// Events are still delivered while it blocks.
public final class ConnectorSession {
  /// The connector's hello.
  public private(set) var hello: ServerHello

  private let loop: EventLoop
  private let client: ControlClient
  private var failure: ControlClientError?

  /// Connects, and exchanges hellos.
  ///
  /// - Parameter timeout: seconds allowed for connecting, and again for the hello.
  public init(
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
  public func close() { client.close() }

  /// Sends a request and waits for its reply.
  ///
  /// - Parameter events: receives later events of this request, whenever the session waits for anything.
  public func request(
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
  public func post(_ request: ControlRequest) {
    client.send(request) { [weak self] in
      if case .failure(let error) = $0, error.isUnreachable { self?.failure = self?.failure ?? error }
    }
  }

  /// Delivers events until the condition holds; returns false if it does not within `timeout` seconds.
  public func wait(timeout: Double, until condition: () -> Bool) throws(ClientFailure) -> Bool {
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
  public func waitForEnd(timeout: Double) -> Bool {
    var isLate = false
    let timer = TimerWatcher(on: loop) { isLate = true }
    timer.start(after: timeout)
    while failure == nil, !isLate { loop.runOnce() }
    return failure != nil
  }

  /// The failure for a reply that does not fit its request.
  public func unexpected(_ request: String) -> ClientFailure {
    ClientFailure(.someFailed, "The connector sent an unexpected reply to \(request).")
  }
}

extension ConnectorSession {
  /// The connections that a target chooses, sorted by id.
  public func connections(of target: ControlTarget = .all) throws(ClientFailure) -> [ConnectionInfo] {
    var connections: [ConnectionInfo] = []
    var after: UInt32 = 0
    repeat {
      let reply = try request(.listConnections(after: after, limit: 0, of: target))
      guard case .connections(let page, let next) = reply, next == 0 || next > after else {
        throw unexpected("list connections")
      }
      connections += page
      after = next
    } while after != 0
    return connections
  }

  /// The connections that a command's options choose, sorted by id, and the given ids that have no such
  /// connection.
  ///
  /// - Parameters:
  ///   - direction: the direction to choose if the options give none; nil for both.
  ///   - states: the states of connections to include.
  public func connections(
    _ options: TargetOptions,
    direction: Direction? = nil,
    in states: Set<ConnectionInfo.State> = [.open]
  ) throws(ClientFailure) -> (found: [ConnectionInfo], missing: [UInt32]) {
    var target = options.target(direction: direction)
    // The connector would draw a new sample for each page, so the sample is drawn here.
    if case .filter(var filter) = target {
      filter.sample = nil
      target = .filter(filter)
    }
    var found = try connections(of: target).filter { states.contains($0.state) }
    if let count = options.random, count < found.count {
      found = found.shuffled().prefix(Int(count)).sorted { $0.id < $1.id }
    }
    guard case .connections(let named) = target else { return (found, []) }
    let ids = Set(found.map(\.id))
    return (found, named.filter { !ids.contains($0) })
  }

  /// Closes connections. Returns their number, and the given ids that have no connection.
  public func disconnect(_ target: ControlTarget) throws(ClientFailure) -> (count: UInt32, missing: [UInt32])
  {
    let request = ControlRequest.disconnect(target)
    guard case .disconnecting(let count, let missing) = try self.request(request) else {
      throw unexpected(request.name)
    }
    return (count, missing)
  }

  /// Closes those of the given connections that still exist; returns their number, or 0 if the connector
  /// refuses.
  @discardableResult
  public func disconnectIfThere(_ connections: [UInt32]) throws(ClientFailure) -> UInt32 {
    do throws(ClientFailure) {
      return try disconnect(.connections(connections)).count
    } catch {
      guard error.status == .someFailed else { throw error }
      return 0
    }
  }
}
