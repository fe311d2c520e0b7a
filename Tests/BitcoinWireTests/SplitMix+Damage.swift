extension SplitMix {
  /// `bytes` with one to four changes: bytes inserted or changed, or everything from a position on removed.
  mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...Int.random(in: 0...3, using: &self) {
      let index = Int.random(in: 0...bytes.count, using: &self)
      switch Int.random(in: 0...3, using: &self) {
      case 0: bytes.insert(contentsOf: self.bytes(upTo: 40), at: index)
      case 1: bytes.removeSubrange(index...)
      case 2 where index < bytes.count:
        bytes[index] = [0, 1, 0xfd, 0xfe, 0xff].randomElement(using: &self)!
      default: if index < bytes.count { bytes[index] ^= number() }
      }
    }
    return bytes
  }
}
