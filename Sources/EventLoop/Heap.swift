import CLibEV

/// Makes the C library's heap return unused memory to the system.
///
/// By default it keeps most of it: freeing a mapping raises the mapping threshold, so that later allocations
/// of that size come from the heap, and free memory below used memory stays resident.
public struct Heap {
  /// Size in bytes from which an allocation is a mapping of its own. A mapping returns to the system when
  /// freed.
  private static let mappingThreshold: Int32 = 1 << 20

  /// Bytes of unused memory that may stay.
  private static let slack = 16 << 20

  /// Bytes that were unused and already returned at the last check.
  private var returned = 0

  /// Fixes the heap's thresholds, for the whole process.
  public init() {
    netmine_heap_set(Self.mappingThreshold, Int32(Self.slack))
  }

  /// Returns unused memory if there are more than 16 MiB of it. Its duration grows with the number of free
  /// pieces: call it at a bounded rate.
  public mutating func returnUnused() {
    let unused = Int(clamping: netmine_heap_unused())
    returned = min(returned, unused)
    guard unused - returned > Self.slack else { return }
    netmine_heap_trim()
    returned = Int(clamping: netmine_heap_unused())
  }
}
