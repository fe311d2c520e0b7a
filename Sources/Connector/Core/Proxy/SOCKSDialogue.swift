import BitcoinWire
import Bytes

/// What is said to a SOCKS5 proxy so that it connects to a peer (RFC 1928), as a state machine: bytes go in, and
/// what is to be sent, or how it ended, comes out.
///
/// A proxy that takes user names gets random ones (RFC 1929), new for each connection: Tor then uses a circuit of
/// its own for each, so that peers cannot be told to have the same observer by the exit they share.
struct SOCKSDialogue {
  typealias Step = ProxyDialogue.Step

  private enum Phase {
    case method, credentials, reply
  }

  private var phase = Phase.method
  private let target: Endpoint

  /// The first bytes: version 5, and that we can go without a name or with one.
  static let greeting: [UInt8] = [5, 2, 0, 2]

  /// Begins a dialogue that asks for a connection to `target`.
  init(to target: Endpoint) { self.target = target }

  /// Takes what has come and is not consumed; returns how much of it is, and what to do.
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

  /// CONNECT to the target: by name where it is one, by address otherwise.
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
