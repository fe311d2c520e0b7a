import CZstd

/// Compresses a stream of bytes into Zstandard frames (RFC 8878), each with a checksum of its content.
///
/// A reader can start at any frame, as no frame refers to an earlier one. The level bounds the memory,
/// whatever the input (about 4 MB at level 3).
public final class ZstandardCompressor {
  private let context: OpaquePointer
  private var output = [UInt8](repeating: 0, count: ZSTD_CStreamOutSize())

  /// The default level of the `zstd` tool.
  public static let defaultLevel = 3

  /// Creates a compressor.
  ///
  /// - Parameter level: the effort, 1 … 22; from 20 on, a reader needs 32 MiB and more.
  public init(level: Int = defaultLevel) {
    // Fails only if memory is exhausted.
    context = ZSTD_createCCtx()!
    Self.set(context, ZSTD_c_compressionLevel, Int32(clamping: level))
    Self.set(context, ZSTD_c_checksumFlag, 1)
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Compresses bytes, and appends the output that is ready.
  public func compress(_ bytes: UnsafeRawBufferPointer, to compressed: inout [UInt8]) {
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    while input.pos < input.size { step(&input, ZSTD_e_continue, &compressed) }
  }

  /// Ends the frame and appends its last bytes, so that a reader can decompress all input up to now. Appends
  /// an empty frame if there was no input since the last one.
  public func endFrame(to compressed: inout [UInt8]) {
    var input = ZSTD_inBuffer()
    while step(&input, ZSTD_e_end, &compressed) > 0 {}
  }

  @discardableResult
  private func step(
    _ input: inout ZSTD_inBuffer,
    _ directive: ZSTD_EndDirective,
    _ compressed: inout [UInt8]
  ) -> Int {
    output.withUnsafeMutableBytes { space in
      var target = ZSTD_outBuffer(dst: space.baseAddress, size: space.count, pos: 0)
      let left = ZSTD_compressStream2(context, &target, &input, directive)
      // Any input can be compressed, so an error means misuse of the library or exhausted memory.
      precondition(ZSTD_isError(left) == 0, String(cString: ZSTD_getErrorName(left)))
      compressed.append(contentsOf: space[..<target.pos])
      return left
    }
  }

  private static func set(_ context: OpaquePointer, _ parameter: ZSTD_cParameter, _ value: Int32) {
    let status = ZSTD_CCtx_setParameter(context, parameter, value)
    precondition(ZSTD_isError(status) == 0, String(cString: ZSTD_getErrorName(status)))
  }
}
