import Access
import BitcoinWire
import Commands
import Configuration
import ControlProtocol
import EventLoop
import Observations

/// A conversation with a connector in which each step waits for its answer: what a command line needs.
///
/// Events are still delivered while it waits.
public final class ConnectorSession {
  /// Whom it talks to.
  public private(set) var hello: ServerHello

  private let loop: EventLoop
  private let client: ControlClient
  private var failure: ControlClientError?

  /// Connects and says hello.
  ///
  /// - Parameter timeout: seconds that each of the two may take.
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

  /// Ends the conversation.
  public func close() { client.close() }

  /// Sends a request and waits for its reply.
  ///
  /// - Parameter events: told what comes of it later, while the session waits for anything.
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

  /// Sends a request and goes on without its reply. That the connector says no is passed over; where there is no connector any
  /// more, the next wait tells.
  public func post(_ request: ControlRequest) {
    client.send(request) { [weak self] in
      if case .failure(let error) = $0, error.isUnreachable { self?.failure = self?.failure ?? error }
    }
  }

  /// Delivers events until the condition holds; false where it did not within `timeout` seconds.
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

  /// Waits until the connector closes the connection; false where it did not within `timeout` seconds.
  public func waitForEnd(timeout: Double) -> Bool {
    var isLate = false
    let timer = TimerWatcher(on: loop) { isLate = true }
    timer.start(after: timeout)
    while failure == nil, !isLate { loop.runOnce() }
    return failure != nil
  }

  /// Says that a reply is not the one its request has.
  public func unexpected(_ request: String) -> ClientFailure {
    ClientFailure(.someFailed, "The connector answered \(request) with something else.")
  }
}

extension ConnectorSession {
  /// The connections of a target, in the order of their ids.
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

  /// The connections that a command's options choose, in the order of their ids; and the ids that are named and
  /// that none of them has.
  ///
  /// - Parameters:
  ///   - direction: which end must have opened a connection, where the options do not say; nil for either.
  ///   - states: how far a connection must have come.
  public func connections(
    _ options: TargetOptions,
    direction: Direction? = nil,
    in states: Set<ConnectionInfo.State> = [.open]
  ) throws(ClientFailure) -> (found: [ConnectionInfo], missing: [UInt32]) {
    var target = options.target(direction: direction)
    // Each page would be drawn anew: the draw is ours.
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

  /// Has connections closed; returns how many are, and the ids that none has.
  public func disconnect(_ target: ControlTarget) throws(ClientFailure) -> (count: UInt32, missing: [UInt32])
  {
    let request = ControlRequest.disconnect(target)
    guard case .disconnecting(let count, let missing) = try self.request(request) else {
      throw unexpected(request.name)
    }
    return (count, missing)
  }

  /// Has those of some connections closed that are there; returns how many are.
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
