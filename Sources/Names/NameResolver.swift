import CCares
import EventLoop
import Glibc

/// Looks up the addresses of names, IPv4 and IPv6, and the names of addresses. It never blocks, and runs any
/// number of queries at a time on an event loop.
///
/// It uses the system's name servers and hosts file (`/etc/resolv.conf`, `/etc/hosts`) unless name servers
/// are given. Use it only on its loop's thread.
public final class NameResolver {
  /// Receives the addresses of a name, at least one, all with port 0, the preferred first.
  public typealias Completion = (Result<[SocketAddress], NameError>) -> Void

  /// The context of a query, passed through c-ares.
  private final class Question {
    let completion: Completion

    init(_ completion: @escaping Completion) { self.completion = completion }
  }

  private let loop: EventLoop
  private(set) var channel: ares_channel?
  private var watchers: [Int32: DescriptorWatcher] = [:]
  private var timer: TimerWatcher?

  /// Creates a resolver.
  ///
  /// - Parameters:
  ///   - servers: the name servers to query, without unix sockets; empty for the system's.
  ///   - timeout: the approximate limit for a name in seconds, two attempts included.
  public init(
    servers: [SocketAddress] = [],
    timeout: Double = 6,
    on loop: EventLoop
  ) throws(NameError) {
    self.loop = loop
    var options = ares_options()
    options.flags = ARES_FLAG_EDNS
    // c-ares gives the second attempt twice as long.
    options.timeout = Int32(max(1, timeout * 1000 / 3))
    options.tries = 2
    options.sock_state_cb_data = Unmanaged.passUnretained(self).toOpaque()
    options.sock_state_cb = { owner, descriptor, reads, writes in
      let resolver = Unmanaged<NameResolver>.fromOpaque(owner!).takeUnretainedValue()
      resolver.watch(descriptor, reads: reads != 0, writes: writes != 0)
    }
    let mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB
    let status = ares_init_options(&channel, &options, mask)
    guard status == ARES_SUCCESS else { throw NameError(status: status) }
    timer = TimerWatcher(on: loop) { [unowned self] in process(ARES_SOCKET_BAD, ARES_SOCKET_BAD) }
    guard !servers.isEmpty else { return }
    let list = servers.map(\.description).joined(separator: ",")
    let taken = ares_set_servers_ports_csv(channel, list)
    guard taken == ARES_SUCCESS else { throw NameError("invalid name servers: \(list)") }
  }

  deinit { close() }

  /// Ends all queries. Each unanswered query completes with an error.
  public func close() {
    guard let channel else { return }
    self.channel = nil
    timer?.cancel()
    ares_destroy(channel)
    for watcher in watchers.values { watcher.cancel() }
    watchers = [:]
  }

  /// Looks up the addresses of a name.
  ///
  /// - Parameter completion: called exactly once, perhaps within this call, and at the latest when the
  ///   resolver closes.
  public func resolve(_ name: String, completion: @escaping Completion) {
    guard let channel else { return completion(.failure(NameError(status: ARES_EDESTRUCTION))) }
    var hints = ares_addrinfo_hints()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    let question = Unmanaged.passRetained(Question(completion)).toOpaque()
    ares_getaddrinfo(
      channel,
      name,
      nil,
      &hints,
      { question, status, _, answer in
        let question = Unmanaged<Question>.fromOpaque(question!).takeRetainedValue()
        defer { if let answer { ares_freeaddrinfo(answer) } }
        guard status == ARES_SUCCESS else { return question.completion(.failure(NameError(status: status))) }
        let addresses = NameResolver.addresses(answer?.pointee.nodes)
        question.completion(
          addresses.isEmpty ? .failure(NameError("No address is known")) : .success(addresses)
        )
      },
      question
    )
    startTimer()
  }

  private static func addresses(_ list: UnsafeMutablePointer<ares_addrinfo_node>?) -> [SocketAddress] {
    var addresses: [SocketAddress] = []
    var next = list
    while let node = next?.pointee {
      next = node.ai_next
      guard let pointer = UnsafeRawPointer(node.ai_addr) else { continue }
      let bytes: [UInt8]
      switch node.ai_family {
      case AF_INET:
        bytes = withUnsafeBytes(of: pointer.loadUnaligned(as: sockaddr_in.self).sin_addr) { Array($0) }
      case AF_INET6:
        bytes = withUnsafeBytes(of: pointer.loadUnaligned(as: sockaddr_in6.self).sin6_addr) { Array($0) }
      default: continue
      }
      guard let address = SocketAddress(addressBytes: bytes, port: 0), !addresses.contains(address) else {
        continue
      }
      addresses.append(address)
    }
    return addresses
  }

  /// Watches a socket of c-ares, or stops if c-ares needs neither reads nor writes.
  private func watch(_ descriptor: Int32, reads: Bool, writes: Bool) {
    guard reads || writes else {
      guard let watcher = watchers.removeValue(forKey: descriptor) else { return }
      watcher.cancel()
      // This may run inside the watcher's own callback.
      return loop.retire(watcher)
    }
    let watcher =
      watchers[descriptor]
      ?? DescriptorWatcher(descriptor, on: loop) { [unowned self] ready in
        process(
          ready.contains(.readable) ? descriptor : ARES_SOCKET_BAD,
          ready.contains(.writable) ? descriptor : ARES_SOCKET_BAD
        )
      }
    watchers[descriptor] = watcher
    var interest: Readiness = []
    if reads { interest.insert(.readable) }
    if writes { interest.insert(.writable) }
    watcher.watch(for: interest)
  }

  private func process(_ readable: Int32, _ writable: Int32) {
    // A completion may release the resolver.
    withExtendedLifetime(self) {
      guard let channel else { return }
      ares_process_fd(channel, readable, writable)
      startTimer()
    }
  }

  /// Starts the timer for c-ares's next time-out. Call it after each query.
  func startTimer() {
    var time = timeval()
    guard let channel, ares_timeout(channel, nil, &time) != nil else {
      timer?.cancel()
      return
    }
    timer?.start(after: Double(time.tv_sec) + Double(time.tv_usec) / 1e6 + 0.001)
  }
}
