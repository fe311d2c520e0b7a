import Bytes
import Glibc

/// The address of a socket: IPv4, IPv6 or unix.
public enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// IPv4: the address's four bytes as a big-endian number, and the port.
  case ipv4(UInt32, port: UInt16)
  /// IPv6: the address's sixteen bytes as two big-endian numbers, and the port.
  case ipv6(high: UInt64, low: UInt64, port: UInt16)
  /// A unix socket's path; empty for an unnamed socket.
  case unix(String)

  /// The port; 0 for a unix socket.
  public var port: UInt16 {
    switch self {
    case .ipv4(_, let port), .ipv6(_, _, let port): port
    case .unix: 0
    }
  }

  /// The address's 4 or 16 bytes in network order; empty for a unix socket.
  public var addressBytes: [UInt8] {
    var bytes: [UInt8] = []
    switch self {
    case .ipv4(let address, _): bytes.appendBig(address)
    case .ipv6(let high, let low, _):
      bytes.appendBig(high)
      bytes.appendBig(low)
    case .unix: break
    }
    return bytes
  }

  /// Creates an IPv4 or IPv6 address from its 4 or 16 bytes in network order; nil for any other count.
  public init?(addressBytes bytes: [UInt8], port: UInt16) {
    func number<T: FixedWidthInteger>(_ range: Range<Int>) -> T {
      bytes[range].reduce(0) { $0 << 8 | T(truncatingIfNeeded: $1) }
    }
    switch bytes.count {
    case 4: self = .ipv4(number(0..<4), port: port)
    case 16: self = .ipv6(high: number(0..<8), low: number(8..<16), port: port)
    default: return nil
    }
  }

  /// Parses `1.2.3.4:80` or `[::1]:80`: a numeric address with a port. Returns nil for any other text.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
      return nil
    }
    var host = text[..<colon]
    var bytes = [UInt8](repeating: 0, count: 16)
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
      guard inet_pton(AF_INET6, String(host), &bytes) == 1 else { return nil }
      self.init(addressBytes: bytes, port: port)
    } else {
      guard inet_pton(AF_INET, String(host), &bytes) == 1 else { return nil }
      self.init(addressBytes: Array(bytes[..<4]), port: port)
    }
  }

  /// Parses a server's address: `1.2.3.4:80`, `[::1]:80`, or else a unix socket's path.
  public init(server text: String) { self = SocketAddress(text) ?? .unix(text) }

  /// Whether the address is on this host: 127.0.0.0/8, ::1 or a unix socket.
  public var isLoopback: Bool {
    switch self {
    case .ipv4(let address, _): address >> 24 == 127
    case .ipv6(let high, let low, _): high == 0 && low == 1
    case .unix: true
    }
  }

  /// `1.2.3.4:80`, `[::1]:80` or the path.
  public var description: String {
    switch self {
    case .unix(let path): return path
    case .ipv4(_, let port): return "\(numericHost):\(port)"
    case .ipv6(_, _, let port): return "[\(numericHost)]:\(port)"
    }
  }

  private var numericHost: String {
    let bytes = addressBytes
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count))
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension SocketAddress {
  var family: Int32 {
    switch self {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix: AF_UNIX
    }
  }

  /// Calls `body` with the address in the form of the socket calls.
  ///
  /// - Throws: `IOError` if a unix path is too long.
  func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) throws(IOError) -> R {
    var storage = sockaddr_storage()
    let length: Int
    switch self {
    case .ipv4(let address, let port):
      var value = sockaddr_in()
      value.sin_family = sa_family_t(AF_INET)
      value.sin_port = port.bigEndian
      value.sin_addr.s_addr = address.bigEndian
      withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: value, as: sockaddr_in.self) }
      length = MemoryLayout<sockaddr_in>.size
    case .ipv6(_, _, let port):
      var value = sockaddr_in6()
      value.sin6_family = sa_family_t(AF_INET6)
      value.sin6_port = port.bigEndian
      let bytes = addressBytes
      withUnsafeMutableBytes(of: &value.sin6_addr) { $0.copyBytes(from: bytes) }
      withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: value, as: sockaddr_in6.self) }
      length = MemoryLayout<sockaddr_in6>.size
    case .unix(let path):
      var value = sockaddr_un()
      value.sun_family = sa_family_t(AF_UNIX)
      let bytes = Array(path.utf8)
      guard bytes.count < MemoryLayout.size(ofValue: value.sun_path) else {
        throw IOError("use the socket path \(path)", code: ENAMETOOLONG)
      }
      withUnsafeMutableBytes(of: &value.sun_path) { $0.copyBytes(from: bytes) }
      withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: value, as: sockaddr_un.self) }
      length = MemoryLayout<sa_family_t>.size + bytes.count + 1
    }
    return withUnsafeBytes(of: &storage) {
      body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(length))
    }
  }

  /// Reads the address that a socket call reports.
  init(reportedBy call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Void) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    withUnsafeMutableBytes(of: &storage) {
      call($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
    }
    self = withUnsafeBytes(of: &storage) { bytes in
      switch Int32(bytes.load(as: sa_family_t.self)) {
      case AF_INET:
        let value = bytes.load(as: sockaddr_in.self)
        return .ipv4(UInt32(bigEndian: value.sin_addr.s_addr), port: UInt16(bigEndian: value.sin_port))
      case AF_INET6:
        let value = bytes.load(as: sockaddr_in6.self)
        let port = UInt16(bigEndian: value.sin6_port)
        return withUnsafeBytes(of: value.sin6_addr) {
          .ipv6(
            high: UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            port: port
          )
        }
      default:
        let path = bytes[MemoryLayout<sa_family_t>.size..<max(MemoryLayout<sa_family_t>.size, Int(length))]
        return .unix(String(decoding: path.prefix { $0 != 0 }, as: UTF8.self))
      }
    }
  }
}
