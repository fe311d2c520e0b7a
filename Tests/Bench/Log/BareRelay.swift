import ArgumentParser
import Foundation

/// `bench bare-relay`: only copies one unix stream to readers, in chunks of 64 KiB. This is the least work of
/// any log server. For `bench log`.
struct BareRelay: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "bare-relay", shouldDisplay: false)

  @Option var folder: String
  @Option var readers: Int

  func run() throws {
    let publish = try BlockingSocket(listeningOn: folder + "publish")
    let subscribe = try BlockingSocket(listeningOn: folder + "subscribe")
    emit("ready")
    let source = try publish.accept()
    let targets = try (0..<readers).map { _ in try subscribe.accept() }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 4096)
    while let count = try source.read(into: buffer), count > 0 {
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      for target in targets { try target.write(bytes) }
    }
    _ = readLine()
  }
}
