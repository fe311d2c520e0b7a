import CCares
import EventLoop
import Glibc

extension NameResolver {
  /// Receives the name of an address in lower case. Of several names, it is the first in alphabetical order,
  /// so that the result is the same each time.
  public typealias NameCompletion = (Result<String, NameError>) -> Void

  /// The context of a query, passed through c-ares.
  private final class ReverseQuestion {
    let completion: NameCompletion

    init(_ completion: @escaping NameCompletion) { self.completion = completion }
  }

  /// Looks up the name of an address by its PTR record (RFC 1035, RFC 3596). Queries name servers only.
  ///
  /// - Parameters:
  ///   - address: an IPv4 or IPv6 address; its port is ignored.
  ///   - completion: called exactly once, perhaps within this call, and at the latest when the resolver
  ///     closes.
  public func name(of address: SocketAddress, completion: @escaping NameCompletion) {
    guard let channel else { return completion(.failure(NameError(status: ARES_EDESTRUCTION))) }
    let bytes = address.addressBytes
    guard !bytes.isEmpty else { return completion(.failure(NameError(status: ARES_ENOTIMP))) }
    let question = Unmanaged.passRetained(ReverseQuestion(completion)).toOpaque()
    // ares_gethostbyaddr would report a missing name when no server answered.
    ares_query(
      channel,
      Self.reverseName(bytes),
      Self.classIN,
      Self.typePTR,
      { question, status, _, answer, size in
        let question = Unmanaged<ReverseQuestion>.fromOpaque(question!).takeRetainedValue()
        question.completion(NameResolver.name(status, answer, size))
      },
      question
    )
    startTimer()
  }

  /// `IN` and `PTR` in RFC 1035's numbers.
  private static let classIN: Int32 = 1
  private static let typePTR: Int32 = 12

  /// The query name for an address: `1.2.0.192.in-addr.arpa`, `1.0.….ip6.arpa`.
  private static func reverseName(_ bytes: [UInt8]) -> String {
    guard bytes.count > 4 else { return bytes.reversed().map { "\($0)." }.joined() + "in-addr.arpa" }
    let digits = bytes.reversed().flatMap { [$0 & 15, $0 >> 4] }
    return digits.map { String($0, radix: 16) + "." }.joined() + "ip6.arpa"
  }

  private static func name(_ status: Int32, _ answer: UnsafeMutablePointer<UInt8>?, _ size: Int32)
    -> Result<String, NameError>
  {
    guard status == ARES_SUCCESS else { return .failure(NameError(status: status)) }
    var host: UnsafeMutablePointer<hostent>?
    // c-ares only copies this address into the result; nothing reads it there.
    let address: [UInt8] = [0, 0, 0, 0]
    let parsed = ares_parse_ptr_reply(answer, size, address, 4, AF_INET, &host)
    guard parsed == ARES_SUCCESS, let host else { return .failure(NameError(status: parsed)) }
    defer { ares_free_hostent(host) }
    return names(host.pointee).min().map { .success($0) } ?? .failure(NameError(status: ARES_ENODATA))
  }

  private static func names(_ host: hostent) -> [String] {
    var pointers = [host.h_name]
    var next = host.h_aliases
    while let alias = next?.pointee {
      pointers.append(alias)
      next = next?.advanced(by: 1)
    }
    return pointers.compactMap { $0.map { String(cString: $0).lowercased() } }.filter { !$0.isEmpty }
  }
}
