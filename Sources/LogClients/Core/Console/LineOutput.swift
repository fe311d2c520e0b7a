import Bytes
import Glibc

/// Gathers lines and writes them to a descriptor, waiting for whoever reads them.
final class LineOutput {
  /// What waits to be written.
  var bytes: [UInt8] = []

  private let descriptor: Int32

  /// Bytes from which on a writer of many lines should write them out.
  static let batch = 64 << 10

  init(_ descriptor: Int32 = STDOUT_FILENO) { self.descriptor = descriptor }

  /// Writes everything out; false if nobody reads any more.
  func flush() throws(IOError) -> Bool {
    defer { bytes.removeAll(keepingCapacity: bytes.count <= 4 * Self.batch) }
    let name = descriptor == STDOUT_FILENO ? DescriptorOutput.standardName : "descriptor \(descriptor)"
    return try DescriptorOutput.write(bytes, to: descriptor, as: name)
  }
}
