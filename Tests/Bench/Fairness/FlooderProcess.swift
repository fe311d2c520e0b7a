import ArgumentParser
import BitcoinWire
import Bytes
import EventLoop
import Glibc

/// `bench flooder`: nodes that do a handshake and then repeat one message, as fast as it is accepted. For
/// `bench fairness`. Prints its port, then the bytes sent so far for each line on stdin. Ends when its stdin
/// ends.
struct FlooderProcess: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "flooder", shouldDisplay: false)

  /// The kind of flood.
  @Option var flood: Flood

  func run() throws {
    _ = try DescriptorLimit.raise()
    let flooders = try Flooders(flood)
    withExtendedLifetime(flooders) { flooders.loop.run() }
  }
}

/// A kind of flood.
enum Flood: String, ExpressibleByArgument, CaseIterable {
  /// No message.
  case idle
  /// Announcements of 61 bytes.
  case small
  /// Announcements of 50,000 items.
  case inv
  /// Pings, whose answers are read.
  case ping
  /// Pings, whose answers are never read.
  case deaf

  /// The repeated message.
  var message: [UInt8] {
    switch self {
    case .idle: []
    case .small: PeersProcess.message
    case .inv:
      Network.regtest.frame(
        "inv",
        payload: [0xfd, 0x50, 0xc3] + [UInt8](repeating: 1, count: 36 * 50_000)
      )
    case .ping, .deaf: Network.regtest.frame("ping", payload: [UInt8](repeating: 3, count: 8))
    }
  }
}

private final class Flooders {
  let loop = EventLoop()
  private let flood: Flood
  private let bytes: [UInt8]
  private let size: Int
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
  private var listener: Listener!
  private var commands: DescriptorWatcher!
  private var timer: TimerWatcher!
  private var sockets: [(descriptor: Int32, offset: Int)] = []
  private var sent: UInt64 = 0

  init(_ flood: Flood) throws {
    self.flood = flood
    let message = flood.message
    size = max(1, message.count)
    let copies = message.isEmpty ? 0 : max(2, (128 << 10) / message.count)
    bytes = Array(repeatElement(message, count: copies).joined())
    listener = try Listener(
      on: .ipv4(0x7f00_0001, port: 0),
      backlog: 4096,
      loop: loop,
      accept: { [unowned self] descriptor, _ in
        write(descriptor, FairnessBench.greeting, FairnessBench.greeting.count)
        sockets.append((descriptor, 0))
      },
      fail: { emit("\($0)") }
    )
    commands = DescriptorWatcher(0, on: loop) { [unowned self] _ in hear() }
    commands.watch(for: .readable)
    timer = TimerWatcher(on: loop) { [unowned self] in send() }
    emit("\(listener.address.port)")
  }

  private func hear() {
    guard read(0, buffer.baseAddress, buffer.count) > 0 else { return loop.stop() }
    if !timer.isRunning { timer.start(after: 0.0002, every: 0.0002) }
    emit("\(sent)")
  }

  /// Sends to each socket in turn as much as it accepts.
  private func send() {
    for index in sockets.indices where sockets[index].descriptor >= 0 {
      let (descriptor, offset) = sockets[index]
      if flood != .deaf {
        while read(descriptor, buffer.baseAddress, buffer.count) == buffer.count {}
      }
      guard !bytes.isEmpty else { continue }
      let count = bytes.withUnsafeBytes {
        write(descriptor, $0.baseAddress! + offset, min($0.count - offset, 256 << 10))
      }
      if count > 0 {
        sent += UInt64(count)
        sockets[index].offset = (offset + count) % size
      } else if errno != EAGAIN {
        close(descriptor)
        sockets[index].descriptor = -1
      }
    }
  }
}
