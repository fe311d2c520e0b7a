import Bytes
import Commands
import Glibc

/// Bytes on a command line: hexadecimal digits, or a file of such digits or of raw bytes.
enum ByteText {
  /// The bytes that a text stands for. Hexadecimal digits stand for themselves; any other text is a file's
  /// path, or `-` for stdin.
  static func bytes(_ text: String) throws(ClientFailure) -> [UInt8] {
    if let bytes = Hexadecimal.bytes(text) { return bytes }
    let contents: [UInt8]
    do throws(IOError) {
      contents = try HostFile.contents(text)
    } catch {
      throw ClientFailure(
        .usage,
        "\"\(text.prefix(80))\" is neither hexadecimal (two digits per byte) nor a file: \(error.reason)."
      )
    }
    return decoded(contents)
  }

  /// A file's bytes. If the file holds only hexadecimal digits and white space, the digits are decoded.
  static func decoded(_ contents: [UInt8]) -> [UInt8] {
    let digits = contents.filter { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
    return digits.isEmpty ? contents : Hexadecimal.bytes(String(decoding: digits, as: UTF8.self)) ?? contents
  }
}
