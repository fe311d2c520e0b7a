import Bytes
import Glibc

/// Collects lines and writes them to a descriptor. Blocks while their reader is slow.
final class LineOutput {
  /// Bytes not written yet.
  var bytes: [UInt8] = []

  private let descriptor: Int32

  /// Buffer size, in bytes, at which a writer of many lines should flush.
  static let batch = 64 << 10

  init(_ descriptor: Int32 = STDOUT_FILENO) { self.descriptor = descriptor }

  /// Writes all bytes; returns false if the reader has closed its end.
  func flush() throws(IOError) -> Bool {
    defer { bytes.removeAll(keepingCapacity: bytes.count <= 4 * Self.batch) }
    let name = descriptor == STDOUT_FILENO ? DescriptorOutput.standardName : "descriptor \(descriptor)"
    return try DescriptorOutput.write(bytes, to: descriptor, as: name)
  }
}
