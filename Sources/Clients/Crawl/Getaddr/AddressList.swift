import BitcoinWire
import Bytes
import Commands
import Glibc

/// A list of addresses, one per line, in the form that `netmine connect --file` reads.
final class AddressList {
  /// Whether the list goes to standard output.
  let isOutput: Bool

  private let path: String
  private let output: Output
  private let descriptor: Int32
  private var hasFailed = false

  /// Opens a file to append to it; standard output if the path is `-`.
  init(_ path: String, _ output: Output) throws(ClientFailure) {
    isOutput = path == "-"
    self.path = path
    self.output = output
    descriptor = isOutput ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard isOutput || descriptor >= 0 else {
      throw ClientFailure(.usage, "\(path) cannot be written: \(IOError("open").reason).")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Appends addresses. After an error the command continues, and exits with status 1.
  func add(_ endpoints: [Endpoint]) {
    guard !endpoints.isEmpty else { return }
    let text = endpoints.map { "\($0)\n" }.joined()
    if isOutput { return output.lines(Array(text.utf8)) }
    do throws(IOError) {
      guard try DescriptorOutput.write(Array(text.utf8), to: descriptor, as: path) else {
        throw IOError("write to \(path)", code: EPIPE)
      }
    } catch {
      if !hasFailed { output.complain("Addresses could not be written: \(error).") }
      hasFailed = true
      output.failed(error)
    }
  }
}
