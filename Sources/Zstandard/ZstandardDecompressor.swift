import Bytes
import CZstd

/// Decompresses a sequence of Zstandard frames (RFC 8878) step by step into the caller's buffer. Skippable
/// frames are skipped.
///
/// Untrusted input cannot make it use much more memory than the window limit: a frame that needs a larger
/// window is refused.
public final class ZstandardDecompressor {
  /// The result of one step.
  public struct Progress: Equatable, Sendable {
    /// Compressed bytes consumed.
    public let consumed: Int
    /// Bytes written to the caller's buffer.
    public let produced: Int
  }

  /// Offset of the next compressed byte: the initial offset plus all bytes consumed.
  public private(set) var offset: UInt64

  /// Whether the bytes consumed so far end with a whole frame; true before the first frame.
  public private(set) var isAtFrameEnd = true

  /// A suitable number of compressed bytes for one step.
  public static let inputCount = ZSTD_DStreamInSize()

  /// The default window limit in bytes: 128 MiB, as in the `zstd` tool.
  public static let defaultWindowLimit = 1 << 27

  /// The least number of bytes that the frame still needs, as far as the library knows.
  private var needed = 1
  private let context: OpaquePointer

  /// Creates a decompressor.
  ///
  /// - Parameters:
  ///   - windowLimit: bytes of decompressed data that a frame may refer back to. It is rounded down to a
  ///     power of two, at least 1 KiB and at most 2 GiB.
  ///   - offset: the offset in a file at which the bytes start, for errors.
  public init(windowLimit: Int = defaultWindowLimit, at offset: UInt64 = 0) {
    // Fails only if memory is exhausted.
    context = ZSTD_createDCtx()!
    self.offset = offset
    let logarithm = Int.bitWidth - 1 - max(windowLimit, 1).leadingZeroBitCount
    let status = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(min(max(logarithm, 10), 31)))
    precondition(ZSTD_isError(status) == 0, String(cString: ZSTD_getErrorName(status)))
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Consumes compressed bytes for as long as there is space for the output.
  ///
  /// If the output fills the space, more of it may be ready without more input: call this again, even with no
  /// input. If the output does not fill the space, all input is consumed, or the step has stopped at the end
  /// of a frame.
  ///
  /// - Parameter stopsAtFrameEnd: whether to consume nothing after the end of a frame, so that the caller
  ///   learns the offset of the next one.
  /// - Throws: `WireError` with the offset in the file if the bytes are not a Zstandard frame, are damaged,
  ///   or need a window above the limit. Do not call this again after an error.
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

  /// Throws unless the bytes consumed so far end with a whole frame. Otherwise the file was truncated.
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
