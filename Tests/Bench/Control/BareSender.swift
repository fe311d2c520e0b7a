import ArgumentParser
import Bytes
import EventLoop
import Glibc

/// `bench bare-sender`: opens `count` connections, and only calls `send` for each in a loop. This is the
/// least work of any broadcast. For `bench control`.
struct BareSender: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "bare-sender", shouldDisplay: false)

  @Option var port: UInt16
  @Option var count: Int
  @Option var size: Int

  func run() throws {
    _ = try DescriptorLimit.raise()
    let sockets = try (0..<count).map { _ in
      let descriptor = try Socket.startConnect(to: .ipv4(0x7f00_0001, port: port))
      _ = fcntl(descriptor, F_SETFL, 0)
      var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&ready, 1, 10_000)
      Socket.disableDelay(descriptor)
      return descriptor
    }
    let message = [UInt8](repeating: 1, count: size)
    emit("ready")
    while let line = readLine(), let rounds = Int(line) {
      let start = Clock.monotonic()
      let before = Self.processorTime
      for _ in 0..<rounds {
        for socket in sockets where send(socket, message, size, Int32(MSG_NOSIGNAL)) != size {
          throw IOError("send")
        }
      }
      emit("\(start) \(Clock.monotonic()) \(Self.processorTime - before)")
    }
  }

  private static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
