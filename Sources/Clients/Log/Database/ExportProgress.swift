import BitcoinWire
import Bytes
import LogFiles
import LogProtocol

/// How much of a file has been exported.
struct ExportProgress {
  /// The file's name when it was last read.
  var name: String
  /// Decompressed bytes up to the end of the last exported record.
  var count: UInt64
  /// The header of that record in hexadecimal. If the file has another header there, it is another file.
  var last: String

  /// Creates the progress after a record that ends at byte `count`.
  init(name: String, count: UInt64, _ header: RecordHeader) {
    self.name = name
    self.count = count
    last = withUnsafeTemporaryAllocation(byteCount: RecordHeader.size, alignment: 8) { space in
      header.write(to: space.baseAddress!)
      return Hexadecimal.text(UnsafeRawBufferPointer(space))
    }
  }

  /// Restores the progress from a database row.
  init(name: String, count: UInt64, last: String) { (self.name, self.count, self.last) = (name, count, last) }

  /// Whether both are at the same byte, after the same record.
  func isAt(_ other: ExportProgress) -> Bool { (count, last) == (other.count, other.last) }

  /// The file's identity, which neither renaming nor compression changes: a hash of its creation time and its
  /// first record.
  static func head(_ file: LogFile, _ first: LogRecord) -> String {
    var bytes: [UInt8] = []
    bytes.appendBig(file.creationTime)
    bytes.append(contentsOf: first.bytes)
    return "\(Hash256(doubleSHA256: bytes.span.bytes))"
  }
}
