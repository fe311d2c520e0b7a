import Bytes
import EventLoop

/// The reason that a client has no connection to a server that may require a key.
public enum AccessError: Error, Equatable, CustomStringConvertible {
  /// The system could not connect, or the connection broke during the proof of the key.
  case failed(IOError)
  /// The server did not ask for the key: it has no key, or it is another program.
  case notAsked(SocketAddress)
  /// The server did not accept our proof.
  case refused(SocketAddress)
  /// The server could not prove that it knows the key.
  case unproven(SocketAddress)

  /// The reason, in words that follow a colon.
  public var reason: String {
    switch self {
    case .failed(let error): error.reason
    case .notAsked(let address):
      "\(address) did not ask for the key in permissions.key_file: it has no key, or is not a Netmine server"
    case .refused(let address): "\(address) does not accept the key in permissions.key_file"
    case .unproven(let address): "\(address) does not know the key in permissions.key_file"
    }
  }

  /// The error in words.
  public var description: String {
    if case .failed(let error) = self { return error.description }
    return reason
  }

  /// The message for a server that requires a key when we have none.
  public static let keyWanted = "the server requires a key: set permissions.key_file to a file with that key"
}
