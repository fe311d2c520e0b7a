internal import Glibc

/// The service manager that started the daemon, if it wants notifications: systemd, for `Type=notify`.
///
/// The environment says so (sd_notify(3)): `NOTIFY_SOCKET` names a datagram socket, by path or, after an "@",
/// by abstract name; `WATCHDOG_USEC` is the watchdog's time-out in µs. Without a manager, or if a
/// notification cannot be sent, nothing happens: a daemon must not fail because of its manager.
public struct ServiceManager: Sendable {
  /// The socket's address: the bytes of `sun_path`.
  private let path: [UInt8]

  /// Seconds between two calls of `alive()`, half of the watchdog's time-out; nil if there is no watchdog.
  public let watchdogInterval: Double?

  /// The longest socket name, in bytes.
  private static let maximumPathCount = 108

  /// Finds the manager in the environment; nil if there is none or its socket's name is not valid.
  public init?() {
    func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    guard let name = value("NOTIFY_SOCKET"), let first = name.first, first == "/" || first == "@",
      name.utf8.count < Self.maximumPathCount
    else { return nil }
    path = first == "@" ? [0] + Array(name.utf8.dropFirst()) : Array(name.utf8)
    // A watchdog for another process id is not ours. A daemon in the background has another id than the
    // process started.
    let isOurs = value("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
    watchdogInterval = value("WATCHDOG_USEC").flatMap(Double.init).flatMap {
      isOurs && $0 > 0 ? $0 / 2_000_000 : nil
    }
  }

  /// Notifies that the daemon is ready, or has read its configuration again.
  public func ready() { tell("READY=1\nMAINPID=\(getpid())") }

  /// Notifies that the daemon is shutting down.
  public func stopping() { tell("STOPPING=1") }

  /// Notifies that the daemon is reading its configuration again. Call `ready()` when it has.
  public func reloading() {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    tell("RELOADING=1\nMONOTONIC_USEC=\(Int(time.tv_sec) * 1_000_000 + Int(time.tv_nsec) / 1000)")
  }

  /// Notifies the watchdog.
  public func alive() { tell("WATCHDOG=1") }

  /// Sends a status line for people.
  public func status(_ line: String) { tell("STATUS=\(line)") }

  private func tell(_ words: String) {
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(AF_UNIX, type, 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    // An abstract name ends at its length, a path at its NUL.
    let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
    let length = socklen_t(start + path.count + (path[0] == 0 ? 0 : 1))
    _ = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, words, words.utf8.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}
