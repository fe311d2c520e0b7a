import BitcoinWire
import Bytes
import Glibc

extension ConnectionOutcome {
  /// What an error of the system's means for a connection.
  init(_ error: IOError) {
    switch error.code {
    case ECONNREFUSED: self = .refused
    case ETIMEDOUT: self = .timedOut
    case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, EACCES, EPERM, EAFNOSUPPORT: self = .unreachable
    case ECONNRESET, EPIPE: self = .reset
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: self = .outOfDescriptors
    // A bind fails so where the address is not ours.
    case EADDRNOTAVAIL where error.operation.hasPrefix("bind"): self = .failed
    case EADDRNOTAVAIL, EADDRINUSE, EAGAIN: self = .outOfPorts
    default: self = .failed
    }
  }

  /// The reason of a connection that an error ended.
  static func reason(of error: IOError) -> String {
    let outcome = ConnectionOutcome(error)
    switch outcome {
    case .refused, .timedOut, .reset: return outcome.reason()
    case .failed: return outcome.reason("\(error.operation): \(error.reason)")
    default: return outcome.reason(error.reason)
    }
  }

  /// The reason of a connect to a proxy that failed.
  static func reason(of error: IOError, at proxy: String) -> String {
    switch ConnectionOutcome(error) {
    case .outOfDescriptors, .outOfPorts: reason(of: error)
    default: ConnectionOutcome.proxy.reason("\(proxy): \(error.reason)")
    }
  }
}

extension Framer.Violation {
  /// What it means for a connection.
  var reason: String {
    switch self {
    case .wrongMagic: ConnectionOutcome.wrongMagic.reason(description)
    case .oversized: ConnectionOutcome.protocolError.reason(description)
    }
  }
}
