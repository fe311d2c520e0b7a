import ArgumentParser
import BitcoinWire
import Bytes
import EventLoop
import Glibc
import TestSupport

/// `chaos peers`: peers of a connector, either many that flood, or one honest peer whose pings are timed. For
/// the scenarios.
struct LoadPeers: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "peers", shouldDisplay: false)

  @Option var address: String
  @Option var count: Int
  @Option var notes: String
  /// Whether the peers flood.
  @Flag var flood = false

  /// The start of the hashes in an honest peer's announcements, before the number.
  static let mark = Array("honestpr".utf8)

  func run() throws {
    guard let address = SocketAddress(address) else { throw ValidationError("\(address) is not an address.") }
    let loop = EventLoop()
    let notes = try PeerNotes(notes)
    var peers: [LoadPeer] = []
    for _ in 0..<count {
      peers.append(try LoadPeer(at: address, floods: flood, notes: notes, on: loop))
    }
    var isEnding = false
    let signals = [SIGTERM, SIGINT].map { SignalWatcher($0, on: loop) { isEnding = true } }
    let parent = getppid()
    let tick = TimerWatcher(on: loop) {
      for peer in peers { peer.tick(isEnding: isEnding) }
      if getppid() != parent || isEnding && peers.allSatisfy(\.isIdle) { loop.stop() }
    }
    tick.start(after: 0, every: flood ? 0.001 : 0.008)
    loop.run()
    withExtendedLifetime((signals, tick)) {}
  }
}

/// The peers' counts, in a shared file.
final class PeerNotes {
  private let words: SharedWords

  init(_ path: String) throws(IOError) { words = try SharedWords(path, count: 6) }

  /// Announcements that the connector's socket has accepted completely.
  var announced: UInt64 {
    get { words[0] }
    set { words[0] = newValue }
  }
  /// Answered pings.
  var pongs: UInt64 {
    get { words[1] }
    set { words[1] = newValue }
  }
  /// The longest round trip, in ns.
  var slowest: UInt64 {
    get { words[2] }
    set { words[2] = newValue }
  }
  /// Round trips of more than 20 ms.
  var late: UInt64 {
    get { words[3] }
    set { words[3] = newValue }
  }
  /// Bytes that the flooding peers' sockets have accepted.
  var flooded: UInt64 {
    get { words[4] }
    set { words[4] = newValue }
  }
  /// Connections that were closed.
  var closed: UInt64 {
    get { words[5] }
    set { words[5] = newValue }
  }
}

/// One peer.
private final class LoadPeer: ByteStreamHandler {
  private static let network = Network.simnet

  /// An announcement of 50,000 items: 1.8 MB.
  private static let largest: [UInt8] = {
    var payload: [UInt8] = [0xfd, 0x50, 0xc3]
    for number in 0..<50_000 {
      payload += [1, 0, 0, 0]
      payload += (0..<32).map { UInt8(truncatingIfNeeded: number >> ($0 % 4 * 8)) }
    }
    return network.frame("inv", payload: payload)
  }()

  private let notes: PeerNotes
  private let floods: Bool
  private var stream: ByteStream!
  private var isGreeted = false
  private var isClosed = false
  private var number: UInt64 = 0
  private var pinged: UInt64 = 0
  private var pingedAt: UInt64 = 0
  private var taken: UInt64 = 0

  init(at address: SocketAddress, floods: Bool, notes: PeerNotes, on loop: EventLoop) throws {
    self.notes = notes
    self.floods = floods
    stream = ByteStream(try Socket.startConnect(to: address), on: loop, handler: self)
    let version = VersionMessage(
      version: 70016,
      services: [],
      time: 0,
      nonce: .random(in: 1 ... .max),
      userAgent: Array((floods ? "/flood:1/" : "/honest:1/").utf8),
      startHeight: 0,
      relay: true
    )
    stream.write(Self.network.frame(.version(version)) + Self.network.frame(.verack))
  }

  /// Whether no bytes and no pong are outstanding.
  var isIdle: Bool { isClosed || floods || stream.unsentCount == 0 && pingedAt == 0 }

  func tick(isEnding: Bool) {
    guard isGreeted, !isClosed else { return }
    guard !floods else {
      if !isEnding, stream.unsentCount < Self.largest.count { stream.write(Self.largest) }
      notes.flooded += stream.bytesSent - taken
      taken = stream.bytesSent
      return
    }
    if stream.unsentCount == 0 { notes.announced = number }
    guard !isEnding else { return }
    if stream.unsentCount < 1 << 16 {
      number += 1
      var hash = LoadPeers.mark
      hash.appendBig(number)
      stream.write(
        Self.network.frame("inv", payload: [1, 1, 0, 0, 0] + hash + [UInt8](repeating: 0, count: 16))
      )
    }
    if pingedAt == 0 {
      pinged += 1
      pingedAt = Clock.monotonic()
      stream.write(Self.network.frame(.ping(PingMessage(nonce: pinged))))
    }
  }

  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    var offset = 0
    while offset < slice.range.count {
      let rest = UnsafeRawBufferPointer(rebasing: slice.bytes[offset...])
      guard case .message(let header, let total, _) = Self.network.framer.next(in: rest.bytes) else { break }
      offset += total
      switch header.command {
      case .verack: isGreeted = true
      case .pong:
        guard pingedAt > 0 else { continue }
        let delay = Clock.monotonic() - pingedAt
        pingedAt = 0
        notes.pongs += 1
        notes.slowest = max(notes.slowest, delay)
        if delay > 20_000_000 { notes.late += 1 }
      default: break
      }
    }
    return offset
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) {
    isClosed = true
    notes.closed += 1
  }
}
