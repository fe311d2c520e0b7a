import Bytes
import CLibEV
import Glibc

/// Calls on stream sockets. Every socket made here is non-blocking and closes on exec.
public enum Socket {
  /// Creates a socket of the address's family.
  static func make(for address: SocketAddress) throws(IOError) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(address.family, type, 0)
    guard descriptor >= 0 else { throw IOError("make a socket for \(address)", call: .socket) }
    return descriptor
  }

  /// Binds and listens. Replaces a unix socket's stale file, but not if another process answers on it.
  ///
  /// - Parameters:
  ///   - backlog: most connections that the kernel keeps until they are accepted.
  ///   - mode: permissions of a unix socket's file.
  ///   - group: id of the group that owns a unix socket's file; nil for the process's own.
  public static func listen(
    on address: SocketAddress,
    backlog: Int32 = 128,
    mode: mode_t = 0o660,
    group: gid_t? = nil
  ) throws(IOError) -> Int32 {
    if case .unix(let path) = address { try removeStale(path) }
    let descriptor = try make(for: address)
    do throws(IOError) {
      enable(SO_REUSEADDR, on: descriptor)
      if case .ipv6 = address { enable(IPV6_V6ONLY, level: Int32(IPPROTO_IPV6), on: descriptor) }
      let bound = try address.withSockaddr { bind(descriptor, $0, $1) }
      guard bound == 0 else { throw IOError("bind \(address)", call: .bind) }
      if case .unix(let path) = address {
        if let group, chown(path, uid_t.max, group) != 0 { throw IOError("give \(path) to group \(group)") }
        guard chmod(path, mode) == 0 else { throw IOError("set the mode of \(path)") }
      }
      guard Glibc.listen(descriptor, backlog) == 0 else { throw IOError("listen on \(address)") }
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  /// Starts a connect. The connect has ended when the socket is writable (see `outcome(of:)`).
  public static func startConnect(
    to address: SocketAddress,
    from local: SocketAddress? = nil
  ) throws(IOError) -> Int32 {
    let descriptor = try make(for: address)
    do throws(IOError) {
      if let local {
        let bound = try local.withSockaddr { bind(descriptor, $0, $1) }
        guard bound == 0 else { throw IOError("bind \(local)", call: .bind) }
      }
      let result = try address.withSockaddr { connect(descriptor, $0, $1) }
      guard result == 0 || errno == EINPROGRESS else {
        throw IOError("connect to \(address)", call: .connect)
      }
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  /// The result of a connect: 0, or the errno.
  public static func outcome(of descriptor: Int32) -> Int32 {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return errno }
    return code
  }

  /// The local address; an unnamed unix address if the call fails.
  public static func localAddress(of descriptor: Int32) -> SocketAddress {
    SocketAddress { _ = getsockname(descriptor, $0, $1) }
  }

  /// The remote address; an unnamed unix address if the call fails.
  public static func remoteAddress(of descriptor: Int32) -> SocketAddress {
    SocketAddress { _ = getpeername(descriptor, $0, $1) }
  }

  /// User id and process id of the peer at the time of its connect, for a unix socket; nil for any other
  /// socket.
  public static func credentials(of descriptor: Int32) -> (user: UInt32, process: Int32)? {
    // struct ucred, which Glibc's overlay does not export: pid, uid, gid.
    var values: (pid: Int32, uid: UInt32, gid: UInt32) = (0, 0, 0)
    var length = socklen_t(MemoryLayout.size(ofValue: values))
    guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &values, &length) == 0, values.pid > 0 else {
      return nil
    }
    return (values.uid, values.pid)
  }

  /// Sends small writes at once (TCP_NODELAY). No effect on sockets other than TCP.
  public static func disableDelay(_ descriptor: Int32) {
    enable(TCP_NODELAY, level: Int32(IPPROTO_TCP), on: descriptor)
  }

  private static func enable(_ option: Int32, level: Int32 = SOL_SOCKET, on descriptor: Int32) {
    var value: Int32 = 1
    setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func removeStale(_ path: String) throws(IOError) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw IOError("listen on \(path), which exists and is not a socket", code: EEXIST)
    }
    let probe = try make(for: .unix(path))
    defer { Glibc.close(probe) }
    let answered = try SocketAddress.unix(path).withSockaddr { connect(probe, $0, $1) }
    guard answered != 0, errno == ECONNREFUSED else {
      throw IOError("listen on \(path), where another process listens", code: EADDRINUSE)
    }
    unlink(path)
  }
}
