import Bytes
internal import Glibc

extension Configuration {
  /// Reads the key from `permissions.key_file`.
  ///
  /// - Returns: 32 bytes; nil if no file is configured.
  /// - Throws: an error if the file holds no key, or if other users can read or write it.
  public func readAccessKey() throws(ConfigurationError) -> [UInt8]? {
    guard let path = permissions.keyFile else { return nil }
    let remedy = "create one: (umask 027; head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \\n' > \(path))"
    let text = try TextFile.read(path, what: "key", remedy: remedy)
    func failure(_ reason: String, _ remedy: String) -> ConfigurationError {
      ConfigurationError(.conflict, origin: .file(path, line: nil), reason: reason, remedy: remedy)
    }
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & 0o007 != 0 {
      throw failure("all users can read or write the key file", "deny access to others: chmod 640 \(path)")
    }
    let digits = text.filter { !$0.isWhitespace }
    guard digits.utf8.count == 64, let key = Hexadecimal.bytes(digits) else {
      throw failure("the key file does not hold 64 hexadecimal digits", remedy)
    }
    return key
  }
}
