import Access
import Bytes
import Configuration
import Daemon
import EventLoop
import Glibc

/// The surroundings that a client command runs in.
public struct ClientEnvironment {
  /// The event loop to wait on.
  public let loop: EventLoop
  /// The destination of results and complaints.
  public let output: Output
  /// The configuration, with the command line's overrides.
  public let configuration: Configuration
  /// The connector's control address.
  public let controlAddress: SocketAddress
  /// The key to prove to servers over TCP; nil for none.
  public let key: AccessKey?
  /// Whether to print JSON.
  public let isJSON: Bool
  /// Whether signals to the process are for this command.
  public let hearsSignals: Bool

  /// The log server's address for readers.
  ///
  /// - Throws: `ClientFailure` if this process is root and another user could have put the socket there.
  public func subscribeAddress() throws(ClientFailure) -> SocketAddress {
    let key = "logger.subscribe_address"
    return try trusted(SocketAddress(server: configuration.logger.subscribeAddress), key: key)
  }

  /// The log server's address for sources.
  ///
  /// - Throws: `ClientFailure` if this process is root and another user could have put the socket there.
  public func publishAddress() throws(ClientFailure) -> SocketAddress {
    try trusted(SocketAddress(server: configuration.logger.publishAddress), key: "logger.publish_address")
  }

  /// Checks the folder of the node database, and creates it if it is missing.
  ///
  /// - Parameters:
  ///   - place: a file's path, or a URL; nothing is checked for a URL.
  ///   - isReadOnly: whether the database must exist already; then no folder is created.
  /// - Throws: `ClientFailure` if this process is root and another user could move the file.
  public func prepareFolder(ofDatabase place: String, isReadOnly: Bool) throws(ClientFailure) {
    guard !place.contains("://"), let slash = place.lastIndex(of: "/") else { return }
    let folder = String(place[..<slash])
    if geteuid() == 0 {
      do throws(UntrustedFolder) {
        try FolderTrust(configuration).check(folder, key: "node_database.place")
      } catch {
        throw ClientFailure(.someFailed, "\(error).")
      }
    }
    guard !isReadOnly else { return }
    do throws(IOError) { try Folder.create(folder) } catch { throw ClientFailure(.someFailed, "\(error).") }
  }

  /// Checks a server's address before it is connected to.
  ///
  /// - Parameter key: the configuration key that names the socket, for the error's words.
  /// - Throws: `ClientFailure` if this is root and somebody else could have put the socket there.
  public func trusted(_ address: SocketAddress, key: String) throws(ClientFailure) -> SocketAddress {
    guard case .unix(let path) = address else { return address }
    do throws(UntrustedFolder) { try FolderTrust(configuration).checkSocket(path, key: key) } catch {
      throw ClientFailure(.someFailed, "\(error).")
    }
    return address
  }
}
