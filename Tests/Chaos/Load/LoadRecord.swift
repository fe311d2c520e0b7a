import Glibc
import LogProtocol

/// The content of a load source's records. It follows from the source's instance and the record's number, so
/// that every wrong bit is found.
///
/// Layout of the body, which is text: 16 hexadecimal digits of the instance, a space, 16 digits of the number
/// (from 1), a space, then letters. Most bodies have up to 434 bytes, one in 1,024 up to 100 KiB, so that it
/// is sent in pieces. All bodies of an odd instance have 4 KiB.
struct LoadRecord {
  /// Bytes of the body before the letters.
  static let headCount = 34

  /// Bytes of the longest body.
  static let maximumCount = headCount + (100 << 10) + 8

  private let instance: UInt64
  private let space = UnsafeMutableRawBufferPointer.allocate(byteCount: maximumCount, alignment: 8)

  /// Prepares to write or compare records of an instance.
  init(instance: UInt64) {
    self.instance = instance
    write(instance, at: 0)
  }

  /// Frees the memory.
  func deallocate() { space.deallocate() }

  /// The body of a record; valid until the next call.
  func body(_ number: UInt64) -> UnsafeRawBufferPointer {
    write(number, at: 17)
    return UnsafeRawBufferPointer(rebasing: space[..<fill(number, letterCount(number))])
  }

  /// The number in a body if all its bytes are right; nil otherwise.
  func number(of body: UnsafeRawBufferPointer) -> UInt64? {
    guard body.count >= Self.headCount, body.count <= Self.maximumCount, let number = Self.read(body, at: 17)
    else { return nil }
    write(number, at: 17)
    guard fill(number, letterCount(number)) == body.count,
      memcmp(space.baseAddress!, body.baseAddress!, body.count) == 0
    else { return nil }
    return number
  }

  private func letterCount(_ number: UInt64) -> Int {
    if instance & 1 == 1 { return (4 << 10) - Self.headCount }
    let random = SeededGenerator.mix(number)
    return random % 1024 == 0 ? Int(random >> 32 % (100 << 10)) : Int(random >> 32 % 400)
  }

  private func fill(_ number: UInt64, _ count: Int) -> Int {
    var state = SeededGenerator.mix(instance ^ number)
    var offset = Self.headCount
    let end = offset + count
    while offset < end {
      state = state &* 0x5851_f42d_4c95_7f2d &+ 0x1405_7b7e_f767_814f
      // 16 different letters, from `a` on.
      let letters = (state >> 4 & 0x0f0f_0f0f_0f0f_0f0f) &+ 0x6161_6161_6161_6161
      space.storeBytes(of: letters, toByteOffset: offset, as: UInt64.self)
      offset += 8
    }
    return end
  }

  private func write(_ value: UInt64, at offset: Int) {
    for digit in 0..<16 {
      let nibble = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * digit)) & 15
      space[offset + digit] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
    }
    space[offset + 16] = 0x20
  }

  private static func read(_ body: UnsafeRawBufferPointer, at offset: Int) -> UInt64? {
    var value: UInt64 = 0
    for digit in body[offset..<offset + 16] {
      switch digit {
      case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
      case 0x61...0x66: value = value << 4 | UInt64(digit - 0x57)
      default: return nil
      }
    }
    return value
  }
}
