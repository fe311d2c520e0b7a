import BitcoinWire
import Glibc

/// Asks the system for the addresses of names. It blocks: for command lines only.
enum Resolver {
  /// Why a name has no address.
  struct Failure: Error, Equatable, CustomStringConvertible {
    /// The system's words.
    let description: String
  }

  /// The addresses of a name, the one to try first first.
  static func addresses(of name: String) throws(Failure) -> [NetworkAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(name, nil, &hints, &list)
    guard status == 0 else { throw Failure(description: String(cString: gai_strerror(status))) }
    defer { freeaddrinfo(list) }
    var result: [NetworkAddress] = []
    var next = list
    while let entry = next {
      next = entry.pointee.ai_next
      guard let address = entry.pointee.ai_addr.flatMap(address), !result.contains(address) else { continue }
      result.append(address)
    }
    guard !result.isEmpty else { throw Failure(description: "No address is known") }
    return result
  }

  private static func address(_ pointer: UnsafeMutablePointer<sockaddr>) -> NetworkAddress? {
    let raw = UnsafeRawPointer(pointer)
    switch Int32(pointer.pointee.sa_family) {
    case AF_INET:
      return .ipv4(UInt32(bigEndian: raw.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
    case AF_INET6:
      let address = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
      return withUnsafeBytes(of: address) {
        NetworkAddress(network: .ipv6, bytes: Array($0))?.unmapped
      }
    default: return nil
    }
  }
}
