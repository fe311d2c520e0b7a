import BitcoinWire
import Bytes
import Glibc

/// Where addresses are written, one a line, as `netmine connect --file` reads them.
final class AddressList {
  /// Whether that is the program's own output.
  let isOutput: Bool

  private let output: Output
  private let descriptor: Int32

  /// Opens a file to append to it; stdout where the path is `-`.
  init(_ path: String, _ output: Output) throws(ClientFailure) {
    isOutput = path == "-"
    self.output = output
    descriptor = isOutput ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard isOutput || descriptor >= 0 else {
      throw ClientFailure(.usage, "\(path) cannot be written: \(IOError("open").reason).")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Writes addresses.
  func add(_ endpoints: [Endpoint]) {
    guard !endpoints.isEmpty else { return }
    let text = endpoints.map { "\($0)\n" }.joined()
    if isOutput { return output.lines(Array(text.utf8)) }
    if !Output.write(Array(text.utf8), to: descriptor) {
      output.complain("An address could not be written: \(IOError("write").reason).")
    }
  }
}
