import Bytes
import CZstd

/// Decompresses a stream of Zstandard frames (RFC 8878) that follow one another, step by step, into space that the
/// caller has. Skippable frames are skipped.
///
/// A stranger's bytes cannot make it take more memory than the window limit and a little: a frame that asks for a
/// larger window is refused.
public final class ZstandardDecompressor {
  /// What one step did.
  public struct Progress: Equatable, Sendable {
    /// Compressed bytes taken.
    public let consumed: Int
    /// Bytes written to the space given.
    public let produced: Int
  }

  /// Compressed bytes taken so far.
  public private(set) var offset: UInt64

  /// Whether what was taken so far ends with a whole frame; so it does before the first one.
  public private(set) var isAtFrameEnd = true

  /// Bytes that are good to hand over at once.
  public static let inputCount = ZSTD_DStreamInSize()

  /// The largest window that is allowed where nothing else is said: as for the `zstd` tool, 128 MiB.
  public static let defaultWindowLimit = 1 << 27

  /// How many bytes more the frame needs at least, as far as the library knows.
  private var needed = 1
  private let context: OpaquePointer

  /// Creates a decompressor.
  ///
  /// - Parameters:
  ///   - windowLimit: bytes of what is decompressed that a frame may refer back to; the next lower power of two, at
  ///     least 1 KiB, at most 2 GiB.
  ///   - offset: where in a file the bytes begin, for what errors say.
  public init(windowLimit: Int = defaultWindowLimit, at offset: UInt64 = 0) {
    // Fails only where there is no memory left.
    context = ZSTD_createDCtx()!
    self.offset = offset
    let logarithm = Int.bitWidth - 1 - max(windowLimit, 1).leadingZeroBitCount
    let status = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(min(max(logarithm, 10), 31)))
    precondition(ZSTD_isError(status) == 0, String(cString: ZSTD_getErrorName(status)))
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Takes compressed bytes as far as there is space for what comes out.
  ///
  /// Where it fills the space there may be more to come without any more bytes: call it again, also with none. It
  /// takes all bytes where it does not fill the space.
  ///
  /// - Parameter stopsAtFrameEnd: whether it takes nothing behind the end of a frame yet, so that the caller learns
  ///   where the next one begins.
  /// - Throws: `WireError` with the offset from the start of the file where the bytes are no Zstandard frame, are
  ///   damaged, or ask for a larger window than is allowed. Nothing can be decompressed after it.
  public func decompress(
    _ compressed: UnsafeRawBufferPointer,
    to space: UnsafeMutableRawBufferPointer,
    stopsAtFrameEnd: Bool = false
  ) throws(WireError) -> Progress {
    var input = ZSTD_inBuffer(src: compressed.baseAddress, size: compressed.count, pos: 0)
    var output = ZSTD_outBuffer(dst: space.baseAddress, size: space.count, pos: 0)
    while output.pos < output.size, input.pos < input.size || !isAtFrameEnd {
      let before = (input.pos, output.pos)
      let status = ZSTD_decompressStream(context, &output, &input)
      guard ZSTD_isError(status) == 0 else {
        let reason = "cannot be decompressed: " + String(cString: ZSTD_getErrorName(status))
        let end = Int(clamping: offset + UInt64(input.pos))
        throw WireError(.invalid(reason), field: "zstd frame", offset: end)
      }
      isAtFrameEnd = status == 0
      needed = status
      if before == (input.pos, output.pos) || stopsAtFrameEnd && isAtFrameEnd { break }
    }
    offset += UInt64(input.pos)
    return Progress(consumed: input.pos, produced: output.pos)
  }

  /// Throws unless what was taken ends with a whole frame: the file was cut short.
  public func finish() throws(WireError) {
    guard isAtFrameEnd else {
      throw WireError(
        .truncated(needed: needed, available: 0),
        field: "zstd frame",
        offset: Int(clamping: offset)
      )
    }
  }
}
