import BitcoinWire
import Bytes

/// The proxy's side of SOCKS5 (RFC 1928, RFC 1929), as a state machine. Its input is bytes, its output steps.
///
/// It accepts every user name and password. Like Tor, it asks for them if the client offers that method.
struct SOCKSServerDialogue {
  private enum Phase {
    case greeting, credentials, request, connecting, over
  }

  private var phase = Phase.greeting

  /// User name and password as sent, with their lengths; nil if there were none. Tor isolates clients that
  /// send different ones.
  private(set) var isolationKey: [UInt8]?

  /// Handles received bytes; returns the number of bytes consumed, and the steps.
  mutating func take(_ bytes: [UInt8]) -> (consumed: Int, steps: [ProxyStep]) {
    guard let version = bytes.first else { return (0, []) }
    switch phase {
    case .greeting:
      guard version == 5 else { return end(bytes) }
      guard bytes.count >= 2, bytes.count >= 2 + Int(bytes[1]) else { return (0, []) }
      let count = 2 + Int(bytes[1])
      let methods = bytes[2..<count]
      if methods.contains(2) {
        phase = .credentials
        return (count, [.reply([5, 2])])
      }
      guard methods.contains(0) else { return end(bytes, saying: [5, 0xff]) }
      phase = .request
      return (count, [.reply([5, 0])])
    case .credentials:
      guard version == 1 else { return end(bytes, saying: [1, 1]) }
      guard bytes.count >= 2, bytes.count >= 3 + Int(bytes[1]) else { return (0, []) }
      let count = 3 + Int(bytes[1]) + Int(bytes[2 + Int(bytes[1])])
      guard bytes.count >= count else { return (0, []) }
      isolationKey = Array(bytes[1..<count])
      phase = .request
      return (count, [.reply([1, 0])])
    case .request: return request(bytes)
    case .connecting: return (0, [])
    case .over: return (bytes.count, [])
    }
  }

  /// Steps after the outcome of a connect.
  mutating func finish(_ outcome: ProxyOutcome) -> [ProxyStep] {
    guard phase == .connecting else { return [] }
    phase = .over
    switch outcome {
    case .joined: return [.reply(Self.reply(0))]
    case .unknown: return [.reply(Self.reply(4)), .close]
    case .refused: return [.reply(Self.reply(5)), .close]
    case .timedOut: return [.reply(Self.reply(6)), .close]
    }
  }

  private mutating func request(_ bytes: [UInt8]) -> (Int, [ProxyStep]) {
    guard bytes[0] == 5 else { return end(bytes) }
    guard bytes.count >= 5 else { return (0, []) }
    guard bytes[1] == 1 else { return end(bytes, saying: Self.reply(7)) }
    let start = bytes[3] == 3 ? 5 : 4
    let addressCount: Int
    switch bytes[3] {
    case 1: addressCount = 4
    case 3: addressCount = Int(bytes[4])
    case 4: addressCount = 16
    default: return end(bytes, saying: Self.reply(8))
    }
    let count = start + addressCount + 2
    guard bytes.count >= count else { return (0, []) }
    let address = Array(bytes[start..<start + addressCount])
    let port = UInt16(bytes[count - 2]) << 8 | UInt16(bytes[count - 1])
    phase = .connecting
    return (count, [.connect(Self.target(kind: bytes[3], address, port))])
  }

  private static func target(kind: UInt8, _ address: [UInt8], _ port: UInt16) -> ProxyTarget {
    switch kind {
    case 1:
      if let address = NetworkAddress(network: .ipv4, bytes: address) {
        return .endpoint(Endpoint(address, port: port))
      }
    case 4:
      let network = address[0] == 0xfc ? NetworkID.cjdns : .ipv6
      if let address = NetworkAddress(network: network, bytes: address) {
        return .endpoint(Endpoint(address.unmapped, port: port))
      }
    default: break
    }
    let name = EscapedText.ascii(address)
    return NetworkAddress(name).map { .endpoint(Endpoint($0, port: port)) } ?? .name(name)
  }

  private mutating func end(_ bytes: [UInt8], saying reply: [UInt8]? = nil) -> (Int, [ProxyStep]) {
    phase = .over
    return (bytes.count, (reply.map { [.reply($0)] } ?? []) + [.close])
  }

  /// A reply with the given code and the address 0.0.0.0:0.
  private static func reply(_ code: UInt8) -> [UInt8] { [5, code, 0, 1, 0, 0, 0, 0, 0, 0] }
}
