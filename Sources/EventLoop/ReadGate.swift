import Bytes
import CLibEV
import Glibc

/// Lets streams be read from, or holds them all: closed where what is read cannot be passed on.
///
/// An epoll instance of its own watches its streams, and the loop watches that as one descriptor: to close and to open
/// it costs the same, however many streams there are.
public final class ReadGate {
  /// Most streams that are read from in one turn of the loop.
  private static let streamsPerTurn = 256

  /// How many streams ahead of the one that is read from is fetched into the processor's cache.
  private static let lead = 4

  /// Whether streams may be read from.
  public private(set) var isOpen = true

  private let epoll: Int32
  private var watcher: DescriptorWatcher?
  private let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: streamsPerTurn)
  /// By descriptor, with the addresses of their handlers. Each leaves before it goes.
  private var streams: [(stream: Unmanaged<ByteStream>, handler: UnsafeMutableRawPointer)?] = []

  /// Creates an open gate.
  public init(on loop: EventLoop) {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard epoll >= 0 else { fatalError("\(IOError("create an epoll instance"))") }
    watcher = DescriptorWatcher(epoll, on: loop) { [unowned self] _ in readSome() }
    open()
  }

  deinit {
    watcher?.cancel()
    Glibc.close(epoll)
    events.deallocate()
  }

  /// Holds every stream, at once.
  public func close() {
    isOpen = false
    watcher?.watch(for: [])
  }

  /// Has all streams read from again.
  public func open() {
    isOpen = true
    watcher?.watch(for: .readable)
  }

  /// Has a stream read from while the gate is open.
  func admit(_ stream: ByteStream) throws(IOError) {
    let descriptor = stream.descriptor
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.fd = descriptor
    guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { throw IOError("watch") }
    while streams.count <= descriptor { streams.append(nil) }
    streams[Int(descriptor)] = (.passUnretained(stream), stream.handlerAddress)
  }

  /// Has a stream read from no more.
  func dismiss(_ stream: ByteStream) {
    streams[Int(stream.descriptor)] = nil
    _ = epoll_ctl(epoll, EPOLL_CTL_DEL, stream.descriptor, nil)
  }

  private func readSome() {
    let count = Int(max(0, epoll_wait(epoll, events.baseAddress, Int32(events.count), 0)))
    for index in 0..<count {
      if index + Self.lead < count { fetch(events[index + Self.lead].data.fd) }
      // What one stream brings may close the gate, or end another.
      guard isOpen else { return }
      streams[Int(events[index].data.fd)]?.stream.takeUnretainedValue().readSome()
    }
  }

  /// Has the processor fetch what a stream and its handler are told in: of many thousands none is in its cache.
  private func fetch(_ descriptor: Int32) {
    guard let (stream, handler) = streams[Int(descriptor)] else { return }
    netmine_prefetch(stream.toOpaque(), 256)
    netmine_prefetch(handler, 512)
  }
}
