import Bytes
import Commands
import Glibc

/// Bytes as a person names them: hexadecimal digits, or a file of such digits or of the bytes themselves.
enum ByteText {
  /// The bytes that a text names: itself where it is hexadecimal digits, otherwise those of the file of that name, or of
  /// stdin where it is `-`.
  static func bytes(_ text: String) throws(ClientFailure) -> [UInt8] {
    if let bytes = Hexadecimal.bytes(text) { return bytes }
    let contents: [UInt8]
    do throws(IOError) {
      contents = try HostFile.contents(text)
    } catch {
      throw ClientFailure(
        .usage,
        "\"\(text.prefix(80))\" is neither hexadecimal digits, two for each byte, nor a file: \(error.reason)."
      )
    }
    return decoded(contents)
  }

  /// A file's bytes: what its digits say where it holds nothing but hexadecimal digits and white space, otherwise
  /// itself.
  static func decoded(_ contents: [UInt8]) -> [UInt8] {
    let digits = contents.filter { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
    return digits.isEmpty ? contents : Hexadecimal.bytes(String(decoding: digits, as: UTF8.self)) ?? contents
  }
}
