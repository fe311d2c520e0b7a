import Bytes
import Glibc

/// Numbers in a file that two processes map. They survive a killed process.
final class SharedWords {
  private let words: UnsafeMutablePointer<UInt64>
  private let count: Int

  /// Opens the file, or creates it with zeros.
  init(_ path: String, count: Int) throws(IOError) {
    self.count = count
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw IOError("open \(path)") }
    defer { close(descriptor) }
    guard ftruncate(descriptor, off_t(count * 8)) == 0 else { throw IOError("lengthen \(path)") }
    let memory = mmap(nil, count * 8, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let memory, memory != MAP_FAILED else { throw IOError("map \(path)") }
    words = memory.bindMemory(to: UInt64.self, capacity: count)
  }

  deinit { munmap(words, count * 8) }

  subscript(index: Int) -> UInt64 {
    get { words[index] }
    set { words[index] = newValue }
  }
}

/// A load source's own record of its work. It is updated after each record, before any byte of that record
/// can have left the process.
final class LoadLedger {
  private let words: SharedWords

  init(_ path: String) throws(IOError) { words = try SharedWords(path, count: 8) }

  /// Records published, which is the number of the last one.
  var published: UInt64 {
    get { words[0] }
    set { words[0] = newValue }
  }
  /// Sequence number of the last record, including the publisher's own gap records.
  var lastSequence: UInt64 {
    get { words[1] }
    set { words[1] = newValue }
  }
  /// Records that the publisher dropped because of its limit.
  var dropped: UInt64 {
    get { words[2] }
    set { words[2] = newValue }
  }
  /// Sequence number up to which the log server has acknowledged records.
  var acknowledged: UInt64 {
    get { words[3] }
    set { words[3] = newValue }
  }
  /// The granted id; 0 if the log server never accepted the source.
  var source: UInt64 {
    get { words[4] }
    set { words[4] = newValue }
  }
  /// Whether it ended with every record acknowledged.
  var isSettled: Bool {
    get { words[5] == 1 }
    set { words[5] = newValue ? 1 : 0 }
  }
  /// How many times it was asked to slow down.
  var slowdowns: UInt64 {
    get { words[7] }
    set { words[7] = newValue }
  }
  /// Bytes of the records published, headers included.
  var bytes: UInt64 {
    get { words[6] }
    set { words[6] = newValue }
  }
}
