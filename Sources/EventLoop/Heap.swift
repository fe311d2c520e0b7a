import CLibEV

/// Has the C library's heap return to the system what is not used.
///
/// By itself it keeps most: what it once mapped it later takes from the heap (the threshold moves), and free memory below
/// used memory stays resident.
public struct Heap {
  /// Bytes from which an allocation is a mapping of its own, which goes when it is freed.
  private static let mappingThreshold: Int32 = 1 << 20

  /// Bytes of unused memory that stay.
  private static let slack = 16 << 20

  /// Bytes that were unused, but not resident any more, when it was last looked.
  private var returned = 0

  /// Fixes the heap's thresholds.
  public init() {
    netmine_heap_set(Self.mappingThreshold, Int32(Self.slack))
  }

  /// Returns unused memory if there is much of it. Takes longer the more pieces it is in: call it at a bounded rate.
  public mutating func returnUnused() {
    let unused = Int(clamping: netmine_heap_unused())
    returned = min(returned, unused)
    guard unused - returned > Self.slack else { return }
    netmine_heap_trim()
    returned = Int(clamping: netmine_heap_unused())
  }
}
