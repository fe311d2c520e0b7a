import Bytes
import EventLoop
import Glibc

/// A name server on UDP with answers set by a test, on the test's own loop.
public final class FakeNameServer {
  /// The listening address.
  public let address: SocketAddress

  /// IPv4 and IPv6 addresses of each name. Other names do not exist.
  public var names: [String: [SocketAddress]] = [:]

  /// Names of each address, by the queried name: `1.2.0.192.in-addr.arpa`.
  public var pointers: [String: [String]] = [:]

  /// Names whose queries are never answered.
  public var silent: Set<String> = []

  /// Queries received, in order: the name, and the type (1 A, 12 PTR, 28 AAAA).
  public private(set) var questions: [(name: String, type: UInt16)] = []

  private let descriptor: Int32
  private var watcher: DescriptorWatcher?

  /// Binds to a port of 127.0.0.1 and starts to answer.
  public init(loop: EventLoop) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var local = sockaddr_in()
    local.sin_family = sa_family_t(AF_INET)
    local.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafePointer(to: &local) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    guard descriptor >= 0, bound == 0 else { throw IOError("bind a name server") }
    self.descriptor = descriptor
    address = Socket.localAddress(of: descriptor)
    watcher = DescriptorWatcher(descriptor, on: loop) { [unowned self] _ in answerAll() }
    watcher?.watch(for: .readable)
  }

  deinit {
    watcher?.cancel()
    Glibc.close(descriptor)
  }

  private func answerAll() {
    var bytes = [UInt8](repeating: 0, count: 4096)
    var from = sockaddr_in()
    while true {
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let count = withUnsafeMutablePointer(to: &from) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(descriptor, &bytes, bytes.count, 0, $0, &size)
        }
      }
      guard count > 0 else { return }
      guard let reply = reply(to: Array(bytes[..<count])) else { continue }
      _ = withUnsafePointer(to: &from) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          sendto(descriptor, reply, reply.count, 0, $0, size)
        }
      }
    }
  }

  /// RFC 1035: a header of 12 bytes, the question, and answers with a pointer to its name.
  private func reply(to query: [UInt8]) -> [UInt8]? {
    var offset = 12
    var labels: [String] = []
    while offset < query.count, query[offset] != 0 {
      let end = offset + 1 + Int(query[offset])
      guard end < query.count else { return nil }
      labels.append(String(decoding: query[offset + 1..<end], as: UTF8.self))
      offset = end
    }
    guard offset + 5 <= query.count else { return nil }
    let name = labels.joined(separator: ".")
    let type = UInt16(query[offset + 1]) << 8 | UInt16(query[offset + 2])
    questions.append((name, type))
    guard !silent.contains(name) else { return nil }
    let records =
      type == 12
      ? (pointers[name] ?? []).map(Self.encoded)
      : (names[name] ?? []).map(\.addressBytes).filter { $0.count == (type == 1 ? 4 : 16) }
    var reply = Array(query[..<2])
    reply.appendBig(UInt16(names[name] == nil && pointers[name] == nil ? 0x8183 : 0x8180))
    reply.appendBig(UInt16(1))
    reply.appendBig(UInt16(records.count))
    reply += [0, 0, 0, 0] + query[12..<offset + 5]
    for record in records {
      reply.appendBig(UInt16(0xc00c))
      reply.appendBig(type)
      reply.appendBig(UInt16(1))
      reply.appendBig(UInt32(60))
      reply.appendBig(UInt16(record.count))
      reply += record
    }
    return reply
  }

  /// A name's labels, each preceded by its length.
  private static func encoded(_ name: String) -> [UInt8] {
    name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }
}
