import ArgumentParser
import BitcoinWire
import Bytes
import EventLoop
import Glibc

/// `bench control-peers`: nodes that shake hands, take what they are sent, and say when so many bytes have come.
///
/// Lines on stdin: `expect N` answers with the monotonic time in ns at which N more bytes had come; `flood RATE` has
/// them send so many small messages a second, all together; `flood 0` ends that.
struct PeersProcess: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "control-peers", shouldDisplay: false)

  func run() throws {
    _ = try DescriptorLimit.raise()
    let peers = try Peers()
    peers.loop.run()
  }
}

/// The sockets of all nodes, on one loop.
private final class Peers {
  let loop = EventLoop()
  private var listener: Listener!
  private var commands: DescriptorWatcher!
  private var timer: TimerWatcher!
  private let greeting: [UInt8]
  private let message = Network.regtest.frame("inv", payload: [1] + [UInt8](repeating: 1, count: 36))
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
  private var sockets: [(descriptor: Int32, watcher: DescriptorWatcher)] = []
  private var received = 0
  private var expected: Int?
  private var lines: [UInt8] = []
  private var rate = 0.0
  private var floodedAt: UInt64 = 0
  private var next = 0

  init() throws {
    let version = VersionMessage(
      version: 70016,
      services: [.network, .witness],
      time: 0,
      nonce: 1,
      userAgent: Array("/bench:1/".utf8),
      startHeight: 1,
      relay: true
    )
    greeting = Network.regtest.frame(.version(version)) + Network.regtest.frame(.verack)
    listener = try Listener(
      on: .ipv4(0x7f00_0001, port: 0),
      backlog: 4096,
      loop: loop,
      accept: { [unowned self] descriptor, _ in accept(descriptor) },
      fail: { emit("\($0)") }
    )
    commands = DescriptorWatcher(0, on: loop) { [unowned self] _ in hear() }
    commands.watch(for: .readable)
    timer = TimerWatcher(on: loop) { [unowned self] in flood() }
    emit("\(listener.address.port)")
  }

  private func accept(_ socket: Int32) {
    _ = write(socket, greeting, greeting.count)
    let watcher = DescriptorWatcher(socket, on: loop) { [unowned self] _ in take(socket) }
    watcher.watch(for: .readable)
    sockets.append((socket, watcher))
  }

  private func take(_ socket: Int32) {
    let count = read(socket, buffer.baseAddress, buffer.count)
    guard count > 0 else {
      if count == 0, let index = sockets.firstIndex(where: { $0.descriptor == socket }) {
        sockets.remove(at: index).watcher.cancel()
        close(socket)
      }
      return
    }
    received += count
    if let wanted = expected, received >= wanted {
      emit("\(Clock.monotonic())")
      expected = nil
    }
  }

  /// Reads commands; ends with them.
  private func hear() {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(0, &bytes, bytes.count)
    guard count > 0 else { return loop.stop() }
    lines += bytes[..<count]
    while let end = lines.firstIndex(of: 10) {
      let words = String(decoding: lines[..<end], as: UTF8.self).split(separator: " ")
      lines.removeFirst(end + 1)
      guard words.count == 2, let number = Int(words[1]) else { continue }
      if words[0] == "expect" {
        received = 0
        expected = number
        emit("ready")
      } else {
        rate = Double(number)
        floodedAt = Clock.monotonic()
        if number > 0 { timer.start(after: 0.001, every: 0.001) } else { timer.cancel() }
      }
    }
  }

  /// Sends what is due, each message from the next node.
  private func flood() {
    let due = Int(Double(Clock.monotonic() - floodedAt) / 1e9 * rate)
    floodedAt += UInt64(Double(due) / rate * 1e9)
    guard !sockets.isEmpty else { return }
    for _ in 0..<due {
      next = (next + 1) % sockets.count
      _ = write(sockets[next].descriptor, message, message.count)
    }
  }
}
