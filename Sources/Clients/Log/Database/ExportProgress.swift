import BitcoinWire
import Bytes
import LogFiles
import LogProtocol

/// How far an export has come with a file.
struct ExportProgress {
  /// What the file was called last.
  var name: String
  /// Bytes of what is in it, decompressed, up to the end of the last record that was taken in.
  var count: UInt64
  /// That record's header, in hexadecimal: where it stands there no more, the file is another.
  var last: String

  /// Takes in that a record ends at `count` of a file.
  init(name: String, count: UInt64, _ header: RecordHeader) {
    self.name = name
    self.count = count
    last = withUnsafeTemporaryAllocation(byteCount: RecordHeader.size, alignment: 8) { space in
      header.write(to: space.baseAddress!)
      return Hexadecimal.text(UnsafeRawBufferPointer(space))
    }
  }

  /// Takes over what a database has.
  init(name: String, count: UInt64, last: String) { (self.name, self.count, self.last) = (name, count, last) }

  /// Whether another is at the same place.
  func isAt(_ other: ExportProgress) -> Bool { (count, last) == (other.count, other.last) }

  /// What a file is known by, whatever it is called and whether it is compressed: a hash of when it was begun and of
  /// its first record.
  static func head(_ file: LogFile, _ first: LogRecord) -> String {
    var bytes: [UInt8] = []
    bytes.appendBig(file.creationTime)
    bytes.append(contentsOf: first.bytes)
    return "\(Hash256(doubleSHA256: bytes.span.bytes))"
  }
}
