import BitcoinWire
import Bytes

/// The dialogue that makes a SOCKS5 proxy connect to a peer (RFC 1928), as a state machine: each input
/// returns bytes to send, or the result.
///
/// If the proxy accepts user names, each connection sends a new random one (RFC 1929). Tor then uses a
/// circuit for each, so that peers cannot recognize the observer by a shared exit.
struct SOCKSDialogue {
  typealias Step = ProxyDialogue.Step

  private enum Phase {
    case method, credentials, reply
  }

  private var phase = Phase.method
  private let target: Endpoint

  /// The first bytes to send: version 5, methods "no authentication" and "user name and password".
  static let greeting: [UInt8] = [5, 2, 0, 2]

  /// Creates a dialogue for a connection to `target`.
  init(to target: Endpoint) { self.target = target }

  /// Handles the unconsumed input. Returns the number of bytes consumed, and the next step.
  mutating func take(_ bytes: UnsafeRawBufferPointer) -> (consumed: Int, step: Step) {
    switch phase {
    case .method:
      guard bytes.count >= 2 else { return (0, .wait) }
      guard bytes[0] == 5 else { return (0, .failed(.notProxy)) }
      switch bytes[1] {
      case 0:
        phase = .reply
        return (2, .send(request))
      case 2:
        phase = .credentials
        return (2, .send(Self.credentials()))
      default: return (2, .failed(.socksMethod(bytes[1])))
      }
    case .credentials:
      guard bytes.count >= 2 else { return (0, .wait) }
      guard bytes[1] == 0 else { return (2, .failed(.socksCredentials(bytes[1]))) }
      phase = .reply
      return (2, .send(request))
    case .reply: return reply(bytes)
    }
  }

  private func reply(_ bytes: UnsafeRawBufferPointer) -> (Int, Step) {
    guard bytes.count >= 2 else { return (0, .wait) }
    guard bytes[0] == 5 else { return (0, .failed(.notProxy)) }
    guard bytes[1] == 0 else { return (bytes.count, .failed(.socksReply(bytes[1]))) }
    guard bytes.count >= 5 else { return (0, .wait) }
    let addressCount: Int
    switch bytes[3] {
    case 1: addressCount = 4
    case 3: addressCount = 1 + Int(bytes[4])
    case 4: addressCount = 16
    default: return (0, .failed(.notProxy))
    }
    let count = 4 + addressCount + 2
    return bytes.count >= count ? (count, .connected) : (0, .wait)
  }

  /// The CONNECT request: by name for onion and other names, by address otherwise.
  private var request: [UInt8] {
    var bytes: [UInt8] = [5, 1, 0]
    switch target.address {
    case .ipv4(let address):
      bytes.append(1)
      bytes.appendBig(address)
    case .ipv6(let address), .cjdns(let address):
      bytes.append(4)
      bytes.appendBig(address)
    case .torV2, .torV3, .i2p, .other:
      let name = Array("\(target.address)".utf8)
      bytes.append(3)
      bytes.append(UInt8(clamping: name.count))
      bytes += name.prefix(255)
    }
    bytes.appendBig(target.port)
    return bytes
  }

  private static func credentials() -> [UInt8] {
    let name = Hexadecimal.text((0..<8).map { _ in UInt8.random(in: 0 ... .max) }).utf8
    return [1, UInt8(name.count)] + name + [UInt8(name.count)] + name
  }
}
