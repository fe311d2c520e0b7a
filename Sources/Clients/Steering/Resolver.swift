import BitcoinWire
import Commands
import EventLoop
import Names

/// Resolves many names to addresses at the same time.
public struct Resolver {
  /// The addresses of a name, or why there are none.
  public typealias Answer = Result<[NetworkAddress], NameError>

  /// Maximum number of queries in progress.
  private static let concurrency = 100

  private let loop: EventLoop
  private let server: SocketAddress?

  /// Prepares a resolver.
  ///
  /// - Parameter server: the name server to query; nil for the system's.
  public init(_ environment: ClientEnvironment, server: Endpoint?) throws(ClientFailure) {
    loop = environment.loop
    self.server = server.flatMap { SocketAddress(addressBytes: $0.address.bytes, port: $0.port) }
    guard server == nil || self.server != nil else {
      throw ClientFailure(.usage, "--dns-server must be an IPv4 or IPv6 address.")
    }
  }

  /// The addresses of each name in the order in which to try them, or the reason why there are none.
  public func addresses(of names: [String]) throws(ClientFailure) -> [String: Answer] {
    guard !names.isEmpty else { return [:] }
    var left = Array(Set(names))
    var answers: [String: Answer] = [:]
    let count = left.count
    let resolver: NameResolver
    do throws(NameError) {
      resolver = try NameResolver(servers: server.map { [$0] } ?? [], on: loop)
    } catch {
      throw ClientFailure(.someFailed, "Names cannot be resolved: \(error).")
    }
    defer { resolver.close() }
    var running = 0
    while answers.count < count {
      while running < Self.concurrency, let name = left.popLast() {
        running += 1
        resolver.resolve(name) {
          running -= 1
          answers[name] = $0.map { $0.compactMap(Self.address) }
        }
      }
      if answers.count < count, running > 0 { loop.runOnce() }
    }
    return answers
  }

  private static func address(_ address: SocketAddress) -> NetworkAddress? {
    let bytes = address.addressBytes
    return NetworkAddress(network: bytes.count == 4 ? .ipv4 : .ipv6, bytes: bytes)?.unmapped
  }
}
