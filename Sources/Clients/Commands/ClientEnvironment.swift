import Access
import Bytes
import Configuration
import Daemon
import EventLoop
import Glibc

/// What a client command works with.
public struct ClientEnvironment {
  /// The loop it waits on.
  public let loop: EventLoop
  /// Where it prints.
  public let output: Output
  /// What the operator chose.
  public let configuration: Configuration
  /// Where the connector takes commands.
  public let controlAddress: SocketAddress
  /// What to prove to servers on TCP; nil for none.
  public let key: AccessKey?
  /// Whether to print JSON.
  public let isJSON: Bool
  /// Whether signals to the process are for the command.
  public let hearsSignals: Bool

  /// Where the log server takes readers.
  ///
  /// - Throws: `ClientFailure` if this is root and somebody else could have put the socket there.
  public func subscribeAddress() throws(ClientFailure) -> SocketAddress {
    let key = "logger.subscribe_address"
    return try trusted(SocketAddress(server: configuration.logger.subscribeAddress), key: key)
  }

  /// Where the log server takes sources.
  ///
  /// - Throws: `ClientFailure` if this is root and somebody else could have put the socket there.
  public func publishAddress() throws(ClientFailure) -> SocketAddress {
    try trusted(SocketAddress(server: configuration.logger.publishAddress), key: "logger.publish_address")
  }

  /// Checks the folder of the database that the configuration, or our default, names, and makes it.
  ///
  /// - Parameters:
  ///   - place: a file's path, or an URL, of which nothing is checked.
  ///   - isReadOnly: whether it has to be there.
  /// - Throws: `ClientFailure` if this is root and somebody else could move the file.
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
