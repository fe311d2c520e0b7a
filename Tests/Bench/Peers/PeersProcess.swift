import ArgumentParser
import BitcoinWire
import Bytes
import EventLoop
import Glibc

/// `bench peers`: nodes that do a handshake, answer pings, read everything, and send on command.
///
/// Commands are lines on stdin. `expect N` prints `ready`, and later the monotonic time in ns at which N more
/// bytes had come. `flood RATE` makes the nodes send RATE small messages per second in all, each from a
/// random node and with its sending time; `flood 0` ends that and prints the number of messages sent. `blast
/// N` makes each node send N messages as fast as they are accepted, and prints the monotonic time in ns at
/// which that began.
struct PeersProcess: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "peers", shouldDisplay: false)

  /// The nodes' message, an announcement of 61 bytes.
  static let message = Network.regtest.frame("inv", payload: [1] + [UInt8](repeating: 1, count: 36))

  /// The same message with a time in its hash: ns since the Unix epoch, little-endian, from byte 29 of the
  /// message.
  static func message(at time: UInt64) -> [UInt8] {
    var payload = [UInt8](repeating: 1, count: 5)
    payload.appendLittle(time)
    return Network.regtest.frame("inv", payload: payload + [UInt8](repeating: 1, count: 24))
  }

  /// The number of ports to listen on. With one port for all connections, the kernel is slow to find a free
  /// local port.
  @Option var ports = 1

  func run() throws {
    _ = try DescriptorLimit.raise()
    let peers = try Peers(ports: ports)
    peers.loop.run()
  }
}

/// The sockets of all nodes, on one loop.
private final class Peers {
  /// The most messages per write in a blast.
  private static let blastLength = 50

  let loop = EventLoop()
  private var listeners: [Listener] = []
  private var commands: DescriptorWatcher!
  private var timer: TimerWatcher!
  private let greeting: [UInt8]
  private let ping = Network.regtest.frame("ping", payload: [UInt8](repeating: 0, count: 8)).prefix(16)
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
  private var sockets: [(descriptor: Int32, watcher: DescriptorWatcher)] = []
  private var received = 0
  private var expected: Int?
  private var lines: [UInt8] = []
  private var rate = 0.0
  private var floodedAt: UInt64 = 0
  private var flooded = 0

  init(ports: Int) throws {
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
    listeners = try (0..<ports).map { _ in
      try Listener(
        on: .ipv4(0x7f00_0001, port: 0),
        backlog: 4096,
        loop: loop,
        accept: { [unowned self] descriptor, _ in accept(descriptor) },
        fail: { emit("\($0)") }
      )
    }
    commands = DescriptorWatcher(0, on: loop) { [unowned self] _ in hear() }
    commands.watch(for: .readable)
    timer = TimerWatcher(on: loop) { [unowned self] in flood() }
    emit(listeners.map { "\($0.address.port)" }.joined(separator: " "))
  }

  private func accept(_ socket: Int32) {
    Socket.disableDelay(socket)
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
    answerPing(buffer[..<count], of: socket)
    received += count
    if let wanted = expected, received >= wanted {
      emit("\(Clock.monotonic())")
      expected = nil
    }
  }

  private func answerPing(_ bytes: Slice<UnsafeMutableRawBufferPointer>, of socket: Int32) {
    guard bytes.count >= 32, bytes.suffix(32).prefix(16).elementsEqual(ping) else { return }
    let pong = Network.regtest.frame("pong", payload: Array(bytes.suffix(8)))
    _ = write(socket, pong, pong.count)
  }

  /// Reads commands; stops the loop at their end.
  private func hear() {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(0, &bytes, bytes.count)
    guard count > 0 else { return loop.stop() }
    lines += bytes[..<count]
    while let end = lines.firstIndex(of: 10) {
      let words = String(decoding: lines[..<end], as: UTF8.self).split(separator: " ")
      lines.removeFirst(end + 1)
      guard words.count == 2, let number = Int(words[1]) else { continue }
      switch words[0] {
      case "expect":
        received = 0
        expected = number
        emit("ready")
      case "flood": setRate(number)
      default: blast(number)
      }
    }
  }

  private func setRate(_ number: Int) {
    if number == 0 { emit("\(flooded)") }
    rate = Double(number)
    floodedAt = Clock.monotonic()
    flooded = 0
    if number > 0 { timer.start(after: 0.001, every: 0.001) } else { timer.cancel() }
  }

  /// Sends the messages that are due.
  private func flood() {
    let due = Int(Double(Clock.monotonic() - floodedAt) / 1e9 * rate)
    floodedAt += UInt64(Double(due) / rate * 1e9)
    for _ in 0..<due {
      guard let socket = sockets.randomElement()?.descriptor else { return }
      let message = PeersProcess.message(at: Clock.now())
      if write(socket, message, message.count) == message.count { flooded += 1 }
    }
  }

  /// Sends `count` messages from each node.
  private func blast(_ count: Int) {
    let size = PeersProcess.message.count
    let bytes = (0...Self.blastLength).flatMap { _ in PeersProcess.message }
    var left = [Int](repeating: count * size, count: sockets.count)
    var unfinished = Array(sockets.indices)
    emit("\(Clock.monotonic())")
    while !unfinished.isEmpty {
      var isStuck = true
      unfinished.removeAll { index in
        // Continue within a message that was accepted in part.
        let phase = (count * size - left[index]) % size
        let length = min(left[index], Self.blastLength * size)
        let written = bytes.withUnsafeBytes {
          write(sockets[index].descriptor, $0.baseAddress! + phase, length)
        }
        if written > 0 {
          left[index] -= written
          isStuck = false
        }
        return left[index] == 0 || (written < 0 && errno != EAGAIN)
      }
      if isStuck { usleep(200) }
    }
  }
}
