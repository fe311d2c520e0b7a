internal import Glibc

/// The service manager that started the daemon, where it wants to be told how it is: systemd, for `Type=notify`.
///
/// It says so in the environment (sd_notify(3)): `NOTIFY_SOCKET` names a datagram socket, a path or, after an "@",
/// an abstract name; `WATCHDOG_USEC` says within how many µs it wants a sign of life each time. Without, and
/// where a word does not get through, nothing happens: a daemon does not fail because of who watches it.
public struct ServiceManager: Sendable {
  /// A socket's address: the bytes of `sun_path`.
  private let path: [UInt8]

  /// Seconds between two signs of life that are often enough, half of what the manager allows; nil where it wants
  /// none.
  public let watchdogInterval: Double?

  /// Longest socket name there is, in bytes.
  private static let maximumPathCount = 108

  /// Finds the manager in the environment; nil where there is none, or its socket's name is none.
  public init?() {
    func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    guard let name = value("NOTIFY_SOCKET"), let first = name.first, first == "/" || first == "@",
      name.utf8.count < Self.maximumPathCount
    else { return nil }
    path = first == "@" ? [0] + Array(name.utf8.dropFirst()) : Array(name.utf8)
    // What is meant for another process is not for us; going into the background, we have become another.
    let isOurs = value("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
    watchdogInterval = value("WATCHDOG_USEC").flatMap(Double.init).flatMap {
      isOurs && $0 > 0 ? $0 / 2_000_000 : nil
    }
  }

  /// The daemon is up, or has read its configuration again.
  public func ready() { tell("READY=1\nMAINPID=\(getpid())") }

  /// The daemon begins to end in order.
  public func stopping() { tell("STOPPING=1") }

  /// The daemon reads its configuration again; `ready()` says when it has.
  public func reloading() {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    tell("RELOADING=1\nMONOTONIC_USEC=\(Int(time.tv_sec) * 1_000_000 + Int(time.tv_nsec) / 1000)")
  }

  /// A sign of life.
  public func alive() { tell("WATCHDOG=1") }

  /// How the daemon does, in a line for people.
  public func status(_ line: String) { tell("STATUS=\(line)") }

  private func tell(_ words: String) {
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    // An abstract name ends where its length says, a path at its zero.
    let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
    let length = socklen_t(start + path.count + (path[0] == 0 ? 0 : 1))
    _ = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, words, words.utf8.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}
