import Bytes
import EventLoop

/// Why a client has no connection to a server that may want a key.
public enum AccessError: Error, Equatable, CustomStringConvertible {
  /// The system could not connect, or the connection broke while the key was proven.
  case failed(IOError)
  /// The server has not asked for the key: it has none, or is another.
  case notAsked(SocketAddress)
  /// The server does not take our proof.
  case refused(SocketAddress)
  /// The server does not know the key itself.
  case unproven(SocketAddress)

  /// Why, in words that follow a colon.
  public var reason: String {
    switch self {
    case .failed(let error): error.reason
    case .notAsked(let address):
      "\(address) does not ask for the key of permissions.key_file: it has none, or is no server of ours"
    case .refused(let address): "\(address) does not take the key of permissions.key_file"
    case .unproven(let address): "\(address) does not know the key of permissions.key_file itself"
    }
  }

  /// A sentence about it.
  public var description: String {
    if case .failed(let error) = self { return error.description }
    return reason
  }

  /// What to say where a server wants a key and we have none.
  public static let keyWanted = "the server wants a key: set permissions.key_file to a file with the same one"
}
