import BitcoinWire

/// Hashes of addresses that cannot be predicted without the seed.
struct AddressHashing {
  private let seed: UInt64

  /// Creates hashes from a seed, which must be new for each crawl.
  init(seed: UInt64) { self.seed = seed }

  /// The hash of an endpoint.
  func hash(_ endpoint: Endpoint) -> UInt64 { mix(hash(endpoint.address), UInt64(endpoint.port)) }

  /// The hash of an address's network group. Each unroutable address is a group of its own.
  func block(_ address: NetworkAddress) -> UInt64 {
    switch address {
    case .ipv4(let number) where address.isRoutable: return mix(seed, UInt64(number >> 16) | 1 << 40)
    case _ where !address.isRoutable: return hash(address)
    default:
      var result = seed
      for byte in address.group.bytes { result = mix(result, UInt64(byte)) }
      return result
    }
  }

  private func hash(_ address: NetworkAddress) -> UInt64 {
    switch address {
    case .ipv4(let number): return mix(seed, UInt64(number))
    case .ipv6(let number), .cjdns(let number):
      let high = mix(seed ^ UInt64(address.network.rawValue), UInt64(truncatingIfNeeded: number >> 64))
      return mix(high, UInt64(truncatingIfNeeded: number))
    case .torV3(let bytes), .i2p(let bytes):
      return bytes.withUnsafeBytes { bytes in
        (0..<4).reduce(seed ^ UInt64(address.network.rawValue)) {
          mix($0, bytes.loadUnaligned(fromByteOffset: $1 * 8, as: UInt64.self))
        }
      }
    case .torV2, .other:
      return address.bytes.reduce(seed ^ UInt64(address.network.rawValue)) { mix($0, UInt64($1)) }
    }
  }

  private func mix(_ left: UInt64, _ right: UInt64) -> UInt64 { CrawlRandom.mixed(left ^ right &+ seed &* 3) }
}
