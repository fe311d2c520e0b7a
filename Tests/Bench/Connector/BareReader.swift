import ArgumentParser
import Bytes
import CLibEV
import EventLoop
import Glibc

/// `bench bare-reader`: connects to nodes, and only waits and reads, with the kernel's time stamps and no
/// more often than the connector. This is the least work of any program that listens to them. For `bench
/// connector`. Prints `ready`, and the number of bytes read when its stdin ends.
struct BareReader: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "bare-reader", shouldDisplay: false)

  @Option(parsing: .upToNextOption) var ports: [UInt16]
  @Option var count: Int

  func run() throws {
    _ = try DescriptorLimit.raise()
    let epoll = epoll_create1(0)
    guard epoll >= 0 else { throw IOError("create an epoll instance") }
    func watch(_ descriptor: Int32) throws(IOError) {
      var event = epoll_event()
      event.events = EPOLLIN.rawValue
      event.data.fd = descriptor
      guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { throw IOError("watch") }
    }
    for index in 0..<count {
      let descriptor = try Socket.startConnect(to: .ipv4(0x7f00_0001, port: ports[index % ports.count]))
      var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&ready, 1, 10_000)
      guard netmine_stamp_received(descriptor) == 0 else { throw IOError("ask for stamps") }
      try watch(descriptor)
    }
    try watch(0)
    emit("ready")
    emit("\(try read(epoll))")
  }

  private func read(_ epoll: Int32) throws(IOError) -> Int {
    let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 256)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    var total = 0
    while true {
      usleep(500)
      let ready = epoll_wait(epoll, events.baseAddress, Int32(events.count), -1)
      for event in events.prefix(Int(max(0, ready))) {
        guard event.data.fd != 0 else { return total }
        var stamp: UInt64 = 0
        let count = netmine_receive(event.data.fd, buffer.baseAddress, buffer.count, &stamp)
        guard count > 0 else { throw IOError("read") }
        total += count
      }
    }
  }
}
